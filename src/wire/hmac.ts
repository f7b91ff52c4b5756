const encoder = new TextEncoder()

/** HMAC (RFC 2104) of a message, on any runtime. */
export async function hmac(
  hash: 'SHA-1' | 'SHA-256' | 'SHA-512',
  key: string | Uint8Array<ArrayBuffer>,
  ...message: readonly (string | Uint8Array)[]
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: 'HMAC', hash }
  const own = await crypto.subtle.importKey('raw', typeof key === 'string' ? encoder.encode(key) : key, algorithm, false, [
    'sign',
  ])
  return new Uint8Array(await crypto.subtle.sign('HMAC', own, joined(message)))
}

/** Bytes in lower-case hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Bytes in base64 (RFC 4648, 4), padded. */
export function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part))
  const whole = new Uint8Array(all.reduce((length, { byteLength }) => length + byteLength, 0))
  let at = 0
  for (const part of all) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
