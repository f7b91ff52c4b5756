import { sha256Hex } from '../../wire/digest.ts'
import { hmacJwt } from '../../wire/jwt.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What MessageBird sends with a report: a token that covers the URL as it calls it, the body and the time (`at`, Unix milliseconds). */
export async function signMessageBirdWebhook({
  signingKey,
  url,
  body,
  at,
}: {
  readonly signingKey: string
  readonly url: URL | string
  readonly body: string
  readonly at: number
}): Promise<WebhookSignature> {
  const nbf = Math.floor(at / 1000)
  const claims = { iss: 'MessageBird', nbf, exp: nbf + 60, jti: 'e92eb5c5', url_hash: await sha256Hex(String(url)) }
  const whole = body === '' ? claims : { ...claims, payload_hash: await sha256Hex(body) }
  return { headers: { 'messagebird-signature-jwt': await hmacJwt(whole, signingKey) } }
}
