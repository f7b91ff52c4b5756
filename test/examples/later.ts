// Preloaded into an example (`node --import`): its clock is ahead by so many milliseconds, as if it had been started that much later.
const { now } = Date
const ahead = Number(process.env.CLOCK_AHEAD)
Date.now = () => now() + ahead
