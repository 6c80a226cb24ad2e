/** How often a process is killed at a random moment. Each one costs a start of Node.js: KILLS=100 for a longer search. */
export const kills = Number(process.env["KILLS"] ?? "30")
