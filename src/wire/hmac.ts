import { joined } from './bytes.ts'

/** HMAC (RFC 2104) of a message, on any runtime. */
export async function hmac(
  hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512',
  key: string | Uint8Array,
  ...message: readonly (string | Uint8Array)[]
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: 'HMAC', hash }
  const own = await crypto.subtle.importKey('raw', joined([key]), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', own, joined(message)))
}
