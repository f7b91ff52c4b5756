import { basicOf } from '../../wire/basic.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Infobip sends with a webhook: the credentials of its subscription's security settings, or the token of its URL. */
export function signInfobipWebhook(
  secret: { readonly username: string; readonly password: string } | { readonly token: string },
): WebhookSignature {
  if ('token' in secret) return { query: new URLSearchParams({ token: secret.token }).toString() }
  return { headers: { authorization: basicOf(secret.username, secret.password) } }
}
