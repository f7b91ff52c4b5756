/** Milliseconds to wait by a `Retry-After` field (RFC 9110, 10.2.3): seconds, also fractional as Discord sends them, or an HTTP date. */
export function retryAfterOf(value: string | null | undefined, now: number = Date.now()): number | undefined {
  if (!value) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1000))
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
