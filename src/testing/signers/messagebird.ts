import { hexOf } from '../../wire/bytes.ts'
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
  const hash = async (text: string) =>
    hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
  const nbf = Math.floor(at / 1000)
  const claims = { iss: 'MessageBird', nbf, exp: nbf + 60, jti: 'e92eb5c5', url_hash: await hash(String(url)) }
  const whole = body === '' ? claims : { ...claims, payload_hash: await hash(body) }
  return { headers: { 'messagebird-signature-jwt': await hmacJwt(whole, signingKey) } }
}
