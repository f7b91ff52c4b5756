import { hexOf } from '../../wire/bytes.ts'
import { hmac } from '../../wire/hmac.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Viber sends with a bot's webhook: `X-Viber-Content-Signature` over the body. */
export async function signViberWebhook({
  authToken,
  body,
}: {
  readonly authToken: string
  readonly body: string
}): Promise<WebhookSignature> {
  return { headers: { 'x-viber-content-signature': hexOf(await hmac('SHA-256', authToken, body)) } }
}
