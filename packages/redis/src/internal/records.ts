import { script } from "../Redis.js"
import { serverClock } from "./serverClock.js"

/** A lease whose holder died is remembered for so long: the next holder learns that it took it over. */
const remembered = 3_600_000

/** The last fencing number is remembered for so long without a lease: from then on the clock alone makes a greater one. */
const afterglow = 1000

/** The hash of a session. It lives as long as there is a record; a lease alone ends by itself. */
const keep = `
local function keep()
  if redis.call('HEXISTS', KEYS[1], 'record') == 1 then
    redis.call('PERSIST', KEYS[1])
  elseif redis.call('HEXISTS', KEYS[1], 'owner') == 1 then
    redis.call('PEXPIREAT', KEYS[1], redis.call('HGET', KEYS[1], 'expires') + ${remembered})
  else
    redis.call('PEXPIRE', KEYS[1], ${afterglow})
  end
end
`

/**
 * `ARGV`: the next record, whether one is expected (1 or 0), that one, the owner of the lease or nothing. Answers with
 * 1 when it was saved, with 0 when the record is another one, and with -1 when the lease was lost.
 */
export const compareAndSet = script(`${keep}
if ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'owner') ~= ARGV[4] then return -1 end
local record = redis.call('HGET', KEYS[1], 'record')
if ARGV[2] == '1' then
  if record ~= ARGV[3] then return 0 end
elseif record then
  return 0
end
redis.call('HSET', KEYS[1], 'record', ARGV[1])
keep()
return 1
`)

export const remove = script(`${keep}
redis.call('HDEL', KEYS[1], 'record')
keep()
return 1
`)

/**
 * `ARGV`: the owner, the milliseconds. Answers with the fencing number and whether somebody else did not give the lease
 * back, or with nothing while somebody else has it. The number is not less than the time, so that it grows also where
 * the last one was forgotten or lost.
 */
export const acquire = script(`${serverClock}${keep}
local owner = redis.call('HGET', KEYS[1], 'owner')
local other = owner and owner ~= ARGV[1]
if other and tonumber(redis.call('HGET', KEYS[1], 'expires')) > now then return false end
local fence = math.max(now, (redis.call('HGET', KEYS[1], 'fence') or 0) + 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'expires', now + ARGV[2], 'fence', fence)
keep()
return { fence, other and 1 or 0 }
`)

/** `ARGV`: the owner, the milliseconds. Answers with 1, or with 0 when the lease is no longer the owner's. */
export const renew = script(`${serverClock}${keep}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'expires', now + ARGV[2])
keep()
return 1
`)

/** `ARGV`: the owner. */
export const release = script(`${keep}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner', 'expires')
keep()
return 1
`)
