import { hexOf, joined } from '../../wire/bytes.ts'
import { hmac } from '../../wire/hmac.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Telegram Gateway sends with a report: the time (`at`, Unix milliseconds) and a signature over it and the body. */
export async function signTelegramGatewayWebhook({
  accessToken,
  body,
  at,
}: {
  readonly accessToken: string
  readonly body: string
  readonly at: number
}): Promise<WebhookSignature> {
  const timestamp = String(Math.floor(at / 1000))
  const key = new Uint8Array(await crypto.subtle.digest('SHA-256', joined([accessToken])))
  const signature = hexOf(await hmac('SHA-256', key, `${timestamp}\n${body}`))
  return { headers: { 'x-request-timestamp': timestamp, 'x-request-signature': signature } }
}
