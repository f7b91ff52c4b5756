import type { webcrypto } from 'node:crypto'
import { base64Of, joined } from '../../wire/bytes.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** A pair of keys as SendGrid has one: the public one, base64, for `sendgridWebhook`. */
export async function sendgridKeys(): Promise<{ readonly publicKey: string; readonly privateKey: webcrypto.CryptoKey }> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  return { publicKey: base64Of(new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))), privateKey }
}

/** What SendGrid sends with a webhook: the time (`at`, Unix milliseconds) and an ECDSA signature over it and the body. */
export async function signSendGridWebhook({
  privateKey,
  body,
  at,
}: {
  readonly privateKey: webcrypto.CryptoKey
  readonly body: string
  readonly at: number
}): Promise<WebhookSignature> {
  const timestamp = String(Math.floor(at / 1000))
  const pair = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, joined([timestamp, body]))
  return {
    headers: {
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': base64Of(derOf(new Uint8Array(pair))),
    },
  }
}

/** WebCrypto gives the two numbers side by side, SendGrid has them in ASN.1 DER. */
function derOf(pair: Uint8Array): Uint8Array {
  const numbers = [pair.subarray(0, 32), pair.subarray(32)].map((half) => {
    let start = 0
    while (start < half.length - 1 && half[start] === 0) start++
    const digits = half.subarray(start)
    const number = digits[0]! >= 0x80 ? [0, ...digits] : [...digits]
    return [0x02, number.length, ...number]
  })
  const both = numbers.flat()
  return Uint8Array.from([0x30, both.length, ...both])
}
