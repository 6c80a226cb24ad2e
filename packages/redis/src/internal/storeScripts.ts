import { script } from "../Redis.js"
import { serverClock } from "./serverClock.js"

/** A lease whose holder died is kept this long after its end, so that the next holder learns that it took over. */
const abandonedLease = 3_600_000

/** The last fencing number is kept this long after the lease. The time alone then yields a greater one. */
const lastFence = 1000

/** Sets the expiry of the hash: none while it has a record. */
const expire = `
local function expire()
  if redis.call('HEXISTS', KEYS[1], 'record') == 1 then
    redis.call('PERSIST', KEYS[1])
  elseif redis.call('HEXISTS', KEYS[1], 'owner') == 1 then
    redis.call('PEXPIREAT', KEYS[1], redis.call('HGET', KEYS[1], 'expires') + ${abandonedLease})
  else
    redis.call('PEXPIRE', KEYS[1], ${lastFence})
  end
end
`

/** The stored record, or false, and whether it is the expected one: `ARGV[2]` if `ARGV[1]` is 1, none if it is 0. */
const readRecord = `
local record = redis.call('HGET', KEYS[1], 'record')
local expected = record == (ARGV[1] == '1' and ARGV[2])
`

/**
 * `ARGV`: whether a record is expected (1 or 0), the expected record, the next one, and the owner of the lease or an empty
 * string. Returns 1 when the record was saved, 0 when the stored record is another one, and -1 when the lease was lost.
 * A save under a lease frees the lease.
 */
export const compareAndSet = script(`${expire}${readRecord}
if not expected then return 0 end
if ARGV[4] ~= '' then
  if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[4] then return -1 end
  redis.call('HDEL', KEYS[1], 'owner', 'expires', 'begun')
end
redis.call('HSET', KEYS[1], 'record', ARGV[3])
expire()
return 1
`)

/** Removes the record. */
export const remove = script(`${expire}
redis.call('HDEL', KEYS[1], 'record')
expire()
return 1
`)

/**
 * `ARGV`: whether a record is expected (1 or 0), the expected record, the owner, the milliseconds. Returns the fencing
 * number, whether the previous holder had begun and did not give the lease back, and the record; or nothing while
 * somebody else holds the lease. The number is at least the time, so that it also grows when the last one has expired or
 * was lost.
 */
export const acquire = script(`${serverClock}${expire}${readRecord}
local owner = redis.call('HGET', KEYS[1], 'owner')
local other = owner and owner ~= ARGV[3]
if other and tonumber(redis.call('HGET', KEYS[1], 'expires')) > now then return false end
local unfinished = other and redis.call('HEXISTS', KEYS[1], 'begun') or 0
redis.call('HDEL', KEYS[1], 'begun')
local fence = math.max(now, (redis.call('HGET', KEYS[1], 'fence') or 0) + 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'expires', now + ARGV[4], 'fence', fence)
if expected then redis.call('HSET', KEYS[1], 'begun', '1') end
expire()
return { fence, unfinished, record }
`)

/** `ARGV`: the owner, the milliseconds. Returns 1, or 0 when the owner does not hold the lease. */
export const renew = script(`${serverClock}${expire}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'expires', now + ARGV[2])
expire()
return 1
`)

/** `ARGV`: the owner. */
export const release = script(`${expire}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner', 'expires', 'begun')
expire()
return 1
`)
