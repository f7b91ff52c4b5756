import { sha1Hex } from '../../wire/digest.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** An SMSC callback, as a form, with its `sha1`. */
export async function signSmscWebhook(callback: { readonly body: string; readonly secret: string }): Promise<WebhookSignature> {
  const form = new URLSearchParams(callback.body)
  const [id, phone, status] = ['id', 'phone', 'status'].map((name) => form.get(name) ?? '')
  form.set('sha1', await sha1Hex(`${id}:${phone}:${status}:${callback.secret}`))
  return { body: form.toString() }
}
