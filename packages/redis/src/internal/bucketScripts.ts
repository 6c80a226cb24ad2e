/**
 * The token bucket of `Throttle` in Redis. It follows the same rules, and a test compares the two. A script that sets
 * `now`, in milliseconds, has to stand before it.
 *
 * `KEYS[1]` is the hash of a bucket. `ARGV`: capacity, interval, replenish, and for a hold its milliseconds.
 */

/** Time without use after which a bucket whose burst is spent for good expires. */
const spentFor = 3_600_000

const load = `
local capacity, interval, replenish = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local longestHold, aftermath = 300000, 10000
local stored = redis.call('HMGET', KEYS[1], 'credit', 'at', 'held', 'spent')
local credit, at = tonumber(stored[1]) or capacity, tonumber(stored[2]) or now
local heldUntil = tonumber(stored[3]) or -math.huge
local refills = replenish == 'refill' or (replenish == 'learn' and not stored[4])

local limit = refills and capacity or math.max(1, math.min(capacity, credit))
if now > at then credit = math.min(limit, credit + (now - at) / interval) end

local function save()
  redis.call('HSET', KEYS[1], 'credit', string.format('%.17g', credit), 'at', string.format('%.17g', now))
  if heldUntil > 0 then redis.call('HSET', KEYS[1], 'held', string.format('%.17g', heldUntil)) end
  if not refills then redis.call('HSET', KEYS[1], 'spent', '1') end
  local idle = refills and (capacity - credit) * interval or math.max(${spentFor}, (1 - credit) * interval)
  local ttl = math.max(idle, math.min(heldUntil - now, longestHold) + aftermath, 1)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(ttl)))
end
`

/** Returns zero for a permit, or the milliseconds until there may be one. */
export const take = `${load}
local wait = math.max(0, math.ceil((1 - credit - 1e-6) * interval))
local holding = heldUntil - now
-- A longer hold was never given, so the clock was set back.
if holding <= longestHold then wait = math.max(wait, math.ceil(holding)) end
if wait <= 0 then credit = credit - 1 end
save()
return wait
`

/** Holds the bucket. */
export const hold = `${load}
if replenish == 'learn' and credit >= 1 and now >= heldUntil + aftermath then refills = false end
credit = 0
heldUntil = math.max(heldUntil, now + tonumber(ARGV[4]))
save()
return 1
`
