/** Milliseconds to wait by a `Retry-After` field (RFC 9110, 10.2.3): seconds, also fractional as Discord sends them, or an HTTP date. */
export function retryAfterOf(value: string | null | undefined, now: number = Date.now()): number | undefined {
  if (!value) return undefined
  const milliseconds = Math.ceil(Number(value) * 1000)
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
