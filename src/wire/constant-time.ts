const encoder = new TextEncoder()

/** Whether two strings or byte arrays are equal, in a time that depends on the length of `given` alone. Runs on any runtime. */
export function constantTimeEqual(given: string | Uint8Array, expected: string | Uint8Array): boolean {
  const a = bytesOf(given)
  const b = bytesOf(expected)
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at % Math.max(b.length, 1)] ?? 0)
  return difference === 0
}

/** Whether `given` is one of `secrets` (several while one is rotated), looking at all of them. An empty secret matches nothing. */
export function matchesSecret(given: string | null | undefined, secrets: readonly string[]): boolean {
  let matches = false
  for (const secret of secrets) {
    const equal = constantTimeEqual(given ?? '', secret)
    matches = (equal && secret !== '') || matches
  }
  return matches
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}
