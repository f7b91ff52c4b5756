import type { webcrypto } from 'node:crypto'
import type { JsonObject } from '../../contract/json.ts'
import { base64Of, joined } from '../../wire/bytes.ts'
import { signedPartOf } from '../../wire/sns.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }

/** A key as Amazon SNS has one, and its certificate (PEM): answer the `fetch` of `sesWebhook` with it. */
export async function snsKeys(
  version: '1' | '2' = '1',
): Promise<{ readonly certificate: string; readonly privateKey: webcrypto.CryptoKey }> {
  const hash = version === '1' ? 'SHA-1' : 'SHA-256'
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ ...rsa, hash }, true, ['sign', 'verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const nothing = sequence()
  const signed = sequence(Uint8Array.of(0x02, 1, 1), nothing, nothing, nothing, nothing, spki)
  const base64 = base64Of(sequence(signed, nothing, Uint8Array.of(0x03, 1, 0)))
  return { certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`, privateKey }
}

/** A message of Amazon SNS with its time (`at`, Unix milliseconds) and its signature, by `version` 1 or 2, which the key must be for. */
export async function signSesWebhook({
  privateKey,
  body,
  at,
  version = '1',
}: {
  readonly privateKey: webcrypto.CryptoKey
  readonly body: string
  readonly at: number
  readonly version?: '1' | '2'
}): Promise<WebhookSignature> {
  const message = { ...(JSON.parse(body) as JsonObject), Timestamp: new Date(at).toISOString() }
  const signature = await crypto.subtle.sign(rsa.name, privateKey, joined([signedPartOf(message)]))
  return {
    body: JSON.stringify({
      ...message,
      SignatureVersion: version,
      Signature: base64Of(new Uint8Array(signature)),
      SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem',
    }),
  }
}

/** A `SEQUENCE` of DER. */
function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  const content = joined(parts)
  const { length } = content
  return joined([length < 0x80 ? Uint8Array.of(0x30, length) : Uint8Array.of(0x30, 0x82, length >> 8, length & 0xff), content])
}
