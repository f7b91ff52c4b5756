import { hexOf } from '../../wire/bytes.ts'
import { hmac } from '../../wire/hmac.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Meta sends with a webhook: `X-Hub-Signature-256` over the body. */
export async function signWhatsAppCloudWebhook({
  appSecret,
  body,
}: {
  readonly appSecret: string
  readonly body: string
}): Promise<WebhookSignature> {
  return { headers: { 'x-hub-signature-256': `sha256=${hexOf(await hmac('SHA-256', appSecret, body))}` } }
}
