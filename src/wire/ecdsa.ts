import { fromBase64, joined } from './bytes.ts'

/**
 * Whether a base64 signature (ECDSA P-256 with SHA-256, in ASN.1 DER) of a message, given in parts, is that of a base64 public key (SPKI).
 * Runs on any runtime: WebCrypto takes the two numbers of the signature side by side, so DER is taken apart here (SEC 1, C.5).
 */
export async function verifyEcdsa(
  publicKey: string,
  signature: string,
  ...message: readonly (string | Uint8Array)[]
): Promise<boolean> {
  const pair = pairOf(fromBase64(signature))
  if (pair === undefined) return false
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  try {
    const key = await crypto.subtle.importKey('spki', fromBase64(publicKey) ?? new Uint8Array(), algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm, key, pair, joined(message))
  } catch {
    return false
  }
}

/** A DER `SEQUENCE` of two `INTEGER`s as 64 bytes; undefined if it is none. */
function pairOf(der: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (der === undefined || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined
  const pair = new Uint8Array(64)
  let at = 2
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) return undefined
    const number = der.subarray(at + 2, at + 2 + length)
    const digits = number[0] === 0 ? number.subarray(1) : number
    if (digits.length > 32) return undefined
    pair.set(digits, end - digits.length)
    at += 2 + length
  }
  return at === der.length ? pair : undefined
}
