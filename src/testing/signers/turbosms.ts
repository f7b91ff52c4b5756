import { sha1Hex } from '../../wire/digest.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** A TurboSMS callback with its `signature`: of the secret, and then the event's `id`, which the body must have. */
export async function signTurboSmsWebhook({
  secret,
  body,
}: {
  readonly secret: string
  readonly body: string
}): Promise<WebhookSignature> {
  const event = JSON.parse(body) as { readonly id: string | number }
  return { body: JSON.stringify({ ...event, signature: await sha1Hex(`${secret}${event.id}`) }) }
}
