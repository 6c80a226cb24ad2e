/** Sets `now` to the time of the server in milliseconds, so the clocks of the nodes may differ. */
export const serverClock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
