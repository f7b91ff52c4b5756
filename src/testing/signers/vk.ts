import type { WebhookSignature } from '../webhook-contract.ts'

/** An event of VK's Callback API with its `secret`. */
export function signVkWebhook({ secret, body }: { readonly secret: string; readonly body: string }): WebhookSignature {
  return { body: JSON.stringify({ ...(JSON.parse(body) as object), secret }) }
}
