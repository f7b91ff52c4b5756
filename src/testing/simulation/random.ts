/** Numbers in [0, 1) that look random, and are the same for the same seed and key: what one run draws depends on no other. */
export function randomOf(seed: number, key: string): () => number {
  let state = seed | 0
  for (let at = 0; at < key.length; at++) state = scatter(Math.imul(state, 31) + key.charCodeAt(at))
  return () => {
    state = (state + 0x9e3779b9) | 0
    return (scatter(state) >>> 0) / 2 ** 32
  }
}

/** Each bit of the result hangs on each bit of `value` (the finish of MurmurHash3). */
function scatter(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

/** A number from the normal distribution with mean 0 and variance 1, from two in [0, 1). */
export function normal(one: number, other: number): number {
  return Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other)
}
