/**
 * The bucket of `Throttle`, kept by Redis: the same numbers and the same rules, which a test compares. The scripts read
 * the time from a variable `now`, in milliseconds, that stands before them.
 *
 * `KEYS[1]` is the hash of a bucket; `ARGV`: burst, interval, replenish, and for a hold its milliseconds.
 */

/** A bucket whose burst is spent for good is forgotten when it was not used for so long. */
const spentFor = 3_600_000

const load = `
local burst, interval, replenish = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local longestHold, aftermath = 300000, 10000
local stored = redis.call('HMGET', KEYS[1], 'credit', 'at', 'held', 'spent')
local credit, at = tonumber(stored[1]) or burst, tonumber(stored[2]) or now
local held = tonumber(stored[3]) or -math.huge
local refills = replenish == 'refill' or (replenish == 'learn' and not stored[4])

local capacity = refills and burst or math.max(1, math.min(burst, credit))
if now > at then credit = math.min(capacity, credit + (now - at) / interval) end

local function save()
  redis.call('HSET', KEYS[1], 'credit', string.format('%.17g', credit), 'at', string.format('%.17g', now))
  if held > 0 then redis.call('HSET', KEYS[1], 'held', string.format('%.17g', held)) end
  if not refills then redis.call('HSET', KEYS[1], 'spent', '1') end
  local full = refills and (burst - credit) * interval or math.max(${spentFor}, (1 - credit) * interval)
  local ttl = math.max(full, math.min(held - now, longestHold) + aftermath, 1)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(ttl)))
end
`

/** Answers with zero for a permit, or with the milliseconds until there may be one. */
export const take = `${load}
local wait = math.max(0, math.ceil((1 - credit - 1e-6) * interval))
local holding = held - now
-- A longer hold was never given: the clock was set back.
if holding <= longestHold then wait = math.max(wait, math.ceil(holding)) end
if wait <= 0 then credit = credit - 1 end
save()
return wait
`

/** Holds the bucket. */
export const hold = `${load}
if replenish == 'learn' and credit >= 1 and now >= held + aftermath then refills = false end
credit = 0
held = math.max(held, now + tonumber(ARGV[4]))
save()
return 1
`
