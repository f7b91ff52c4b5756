import { signatureOf } from '../../wire/standard-webhooks.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Resend sends with a webhook, as Svix does: an id, the time (`at`, Unix milliseconds) and a signature over both and the body. */
export async function signResendWebhook({
  signingSecret,
  body,
  at,
  id = 'msg_p5jXN8AQM9LWM0D4loKWxJek',
}: {
  readonly signingSecret: string
  readonly body: string
  readonly at: number
  readonly id?: string
}): Promise<WebhookSignature> {
  const timestamp = String(Math.floor(at / 1000))
  const signature = await signatureOf(signingSecret, id, timestamp, body)
  return { headers: { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature } }
}
