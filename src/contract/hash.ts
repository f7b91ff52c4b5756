// The engine writes numbers of up to 30 bits in another base quickly, greater ones ten times slower.
const fiveDigits = 36 ** 5

/** 53 bits of a string in base 36, for telling strings apart without keeping them; it guards no secret. */
export function hash(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  const bits = 4294967296 * (2097151 & low) + (high >>> 0)
  const rest = bits % fiveDigits
  return ((bits - rest) / fiveDigits).toString(36) + rest.toString(36).padStart(5, '0')
}
