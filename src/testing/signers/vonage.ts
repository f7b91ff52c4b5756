import { sha256Hex } from '../../wire/digest.ts'
import { hmacJwt } from '../../wire/jwt.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Vonage sends with a webhook: a token that covers the body and the time (`at`, Unix milliseconds). */
export async function signVonageWebhook({
  signatureSecret,
  body,
  at,
}: {
  readonly signatureSecret: string
  readonly body: string
  readonly at: number
}): Promise<WebhookSignature> {
  const hash = await sha256Hex(body)
  const claims = { iss: 'Vonage', iat: Math.floor(at / 1000), jti: 'c5ba8f24', api_key: 'abcd1234', payload_hash: hash }
  return { headers: { authorization: `Bearer ${await hmacJwt(claims, signatureSecret)}` } }
}
