import { hexOf } from '../../wire/bytes.ts'
import { hmac } from '../../wire/hmac.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** A Mailgun webhook with its `signature`: of the time (`at`, Unix milliseconds) and a token. */
export async function signMailgunWebhook({
  signingKey,
  body,
  at,
}: {
  readonly signingKey: string
  readonly body: string
  readonly at: number
}): Promise<WebhookSignature> {
  const timestamp = String(Math.floor(at / 1000))
  const token = 'ff'.repeat(25)
  const signature = hexOf(await hmac('SHA-256', signingKey, timestamp, token))
  return { body: JSON.stringify({ signature: { timestamp, token, signature }, ...(JSON.parse(body) as object) }) }
}
