import { basicOf } from '../../wire/basic.ts'
import type { WebhookSignature } from '../webhook-contract.ts'

/** What Postmark sends with a webhook whose settings hold a user and a password. */
export function signPostmarkWebhook({
  username,
  password,
}: {
  readonly username: string
  readonly password: string
}): WebhookSignature {
  return { headers: { authorization: basicOf(username, password) } }
}
