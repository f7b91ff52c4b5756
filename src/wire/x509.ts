import { fromBase64 } from './bytes.ts'

/**
 * The public key (SPKI, in DER) of the certificate that a PEM text begins with (X.509, RFC 5280, 4.1), for WebCrypto, which reads none; undefined if there is no
 * certificate. Neither its signature nor its dates are looked at: it must come from where it is trusted.
 */
export function publicKeyOf(pem: string): Uint8Array<ArrayBuffer> | undefined {
  const base64 = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z\d+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1]
  const der = fromBase64(base64?.replace(/\s/g, '') ?? '')
  const [certificate] = elementsOf(der)
  const [signed] = elementsOf(certificate?.content)
  // Serial number, algorithm, issuer, validity, subject, key; before them a version, which may be left out.
  return elementsOf(signed?.content).filter(({ tag }) => tag !== version)[5]?.whole
}

const version = 0xa0

interface Element {
  readonly tag: number
  readonly whole: Uint8Array<ArrayBuffer>
  readonly content: Uint8Array<ArrayBuffer>
}

/** The elements of DER, one after another, up to where it is none. */
function elementsOf(der: Uint8Array<ArrayBuffer> = new Uint8Array()): Element[] {
  const elements: Element[] = []
  for (let at = 0; at + 2 <= der.length; ) {
    const first = der[at + 1]!
    const start = at + 2 + (first < 0x80 ? 0 : first & 0x7f)
    const digits = der.subarray(at + 2, start)
    const end = start + (first < 0x80 ? first : digits.reduce((length, digit) => length * 256 + digit, 0))
    if (end > der.length) break
    elements.push({ tag: der[at]!, whole: der.subarray(at, end), content: der.subarray(start, end) })
    at = end
  }
  return elements
}
