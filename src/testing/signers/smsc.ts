import { sha1Hex } from '../../wire/sha1.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** An SMSC callback, as a form, with its `sha1`. */
export async function signSmscWebhook({
  secret,
  body,
}: {
  readonly secret: string
  readonly body: string
}): Promise<WebhookSignature> {
  const form = new URLSearchParams(body)
  const [id, phone, status] = ['id', 'phone', 'status'].map((name) => form.get(name) ?? '')
  form.set('sha1', await sha1Hex(`${id}:${phone}:${status}:${secret}`))
  return { body: form.toString() }
}
