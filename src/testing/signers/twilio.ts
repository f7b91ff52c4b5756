import { base64Of } from '../../wire/bytes.ts'
import { hmac } from '../../wire/hmac.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Twilio sends with a form: `X-Twilio-Signature` over the URL that it calls, its query included, and each field. */
export async function signTwilioWebhook({
  authToken,
  url,
  body,
}: {
  readonly authToken: string
  readonly url: URL | string
  readonly body: string
}): Promise<WebhookSignature> {
  const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => name + value)
  return { headers: { 'x-twilio-signature': base64Of(await hmac('SHA-1', authToken, String(url), fields.join(''))) } }
}
