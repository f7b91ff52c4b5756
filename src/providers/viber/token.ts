/** A `message_token` as text: most have more digits than a number holds, and come as their digits then. */
export function tokenOf(token: unknown): string | undefined {
  return (typeof token === 'number' || typeof token === 'string') && /^\d+$/.test(String(token)) ? String(token) : undefined
}
