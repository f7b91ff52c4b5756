/** A length of time in milliseconds, as fine as it is short: `120 ms`, `1.2 s`, `1 m 30 s`, `9 h 20 m`, `3 d 04 h`. */
export function span(time: number): string {
  const seconds = Math.max(0, time) / 1000
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 60) return `${Math.floor(seconds * 10) / 10} s`
  const units = [
    [60, 'm', 1, 's'],
    [3600, 'h', 60, 'm'],
    [86_400, 'd', 3600, 'h'],
  ] as const
  const [big, unit, small, lesser] = units[seconds < 3600 ? 0 : seconds < 172_800 ? 1 : 2]
  const rest = Math.floor((seconds % big) / small)
  return `${Math.floor(seconds / big)} ${unit}${rest === 0 ? '' : ` ${String(rest).padStart(2, '0')} ${lesser}`}`
}
