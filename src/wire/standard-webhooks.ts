import { WebhookVerificationError } from '../contract/errors.ts'
import type { Duration } from '../contract/time.ts'
import { base64Of, fromBase64 } from './bytes.ts'
import { matchesSecret } from './constant-time.ts'
import { hmac } from './hmac.ts'
import { checkFresh } from './replay.ts'

/** What a secret of Standard Webhooks looks like: base64, `whsec_` before it or not. */
export const webhookSecret: RegExp = /^(whsec_)?[A-Za-z\d+/]{16,}={0,2}$/

/**
 * Throws `WebhookVerificationError` unless a webhook was signed with one of `secrets` and not long ago (standardwebhooks.com, as Svix sends it:
 * HMAC-SHA256 of id, time and body; any of several signatures may be the one).
 */
export async function verifyStandardWebhook(
  { headers, body }: { readonly headers: ReadonlyMap<string, string>; readonly body: Uint8Array },
  secrets: readonly string[],
  now: number,
  tolerance?: Duration,
): Promise<void> {
  const field = (name: string) => headers.get(`svix-${name}`) ?? headers.get(`webhook-${name}`) ?? ''
  checkFresh('svix-timestamp', field('timestamp'), now, tolerance)
  const expected = await Promise.all(secrets.map((secret) => signatureOf(secret, field('id'), field('timestamp'), body)))
  const given = field('signature').split(' ').slice(0, 20)
  if (field('id') === '' || !given.some((one) => matchesSecret(one, expected)))
    throw new WebhookVerificationError(
      'svix-signature is missing or wrong: give the signing secret of this webhook, and the body as it came',
    )
}

/** The signature of a webhook, `v1,…`. */
export async function signatureOf(secret: string, id: string, timestamp: string, body: string | Uint8Array): Promise<string> {
  const key = fromBase64(secret.replace(/^whsec_/, '')) ?? new Uint8Array()
  return `v1,${base64Of(await hmac('SHA-256', key, `${id}.${timestamp}.`, body))}`
}
