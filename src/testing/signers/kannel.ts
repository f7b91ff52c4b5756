import type { WebhookSignature } from '../webhook-contract.ts'

/** What Kannel calls with: the token of the address. */
export function signKannelWebhook({ secret }: { readonly secret: string }): WebhookSignature {
  return { query: new URLSearchParams({ token: secret }).toString() }
}
