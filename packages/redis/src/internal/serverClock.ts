/** The time of the server, in milliseconds: the clocks of the nodes do not matter. */
export const serverClock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
