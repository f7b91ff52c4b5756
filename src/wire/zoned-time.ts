/** Unix milliseconds of a local time written `YYYY-MM-DD HH:MM:SS`, in an IANA zone; undefined if it is none, or before 1970, or after 9998. Of a doubled hour, the first. */
export function zonedTime(text: unknown, timeZone: string): number | undefined {
  const parts = typeof text === 'string' ? /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)$/.exec(text) : null
  const local = parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}Z`)
  // Of other years, the year that is read back below has more or fewer than four digits.
  if (!(local >= 0 && local < Date.UTC(9999, 0))) return undefined
  // The day before and the day after have the offsets on both sides of a change, if there is one.
  const before = local - offsetAt(local - day, timeZone)
  return before + offsetAt(before, timeZone) === local ? before : local - offsetAt(local + day, timeZone)
}

const day = 24 * 60 * 60 * 1000

// One for each zone: making it takes a thousand times as long as using it.
const formats = new Map<string, Intl.DateTimeFormat>()

/** How far local time is ahead of UTC at a moment, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formats.set(timeZone, format)
  const seconds = Math.floor(at / 1000) * 1000
  return Date.parse(`${format.format(seconds).replace(' ', 'T')}Z`) - seconds
}
