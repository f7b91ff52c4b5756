import { hexOf } from './bytes.ts'

/** The SHA-1 of a text in UTF-8, in lower-case hex: for vendors that sign with nothing better. */
export async function sha1Hex(text: string): Promise<string> {
  return digestHex('SHA-1', text)
}

/** The SHA-256 of bytes, or of a text in UTF-8, in lower-case hex. */
export async function sha256Hex(data: string | Uint8Array): Promise<string> {
  return digestHex('SHA-256', data)
}

async function digestHex(algorithm: 'SHA-1' | 'SHA-256', data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)
  return hexOf(new Uint8Array(await crypto.subtle.digest(algorithm, bytes)))
}
