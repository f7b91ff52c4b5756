import { WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { lenientJson } from '../../webhooks/json.ts'
import { hexOf } from '../../wire/bytes.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { hmac } from '../../wire/hmac.ts'
import { fieldsOf } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { checkFresh } from '../../wire/replay.ts'
import { eventOf, type ViberEvent } from './events.ts'

/** Options of `viberWebhook`. */
export interface ViberWebhookOptions {
  /** The bot's token, with which Viber signs; several while it is changed. */
  readonly authToken: string | readonly string[]
  /** Name of the provider. */
  readonly name?: string
}

/**
 * A bot's webhook (`set_webhook`): what became of messages, who subscribed and unsubscribed, and who wrote. Viber signs the bytes
 * (`X-Viber-Content-Signature`), the time among them, which may lie half a day back: it repeats a webhook until it is answered 200.
 * Source: developers.viber.com, Viber REST API, Callbacks.
 */
export function viberWebhook(options: ViberWebhookOptions): WebhookSource<ViberEvent> {
  checkNames('viberWebhook', options, ['authToken', 'name'])
  const { authToken, name: provider = 'viber' } = options
  const tokens = [authToken ?? []].flat()
  const areTokens = tokens.length > 0 && tokens.every((token) => isText(token))
  checkOptions('viberWebhook', [['authToken', authToken, areTokens, 'be the token of the bot, or a list of them']])
  return {
    provider,
    signature: 'X-Viber-Content-Signature (HMAC-SHA256)',
    async verify({ headers, body }, now) {
      const expected = await Promise.all(tokens.map(async (token) => hexOf(await hmac('SHA-256', token, body))))
      if (!matchesSecret(headers.get('x-viber-content-signature'), expected))
        throw new WebhookVerificationError(
          'X-Viber-Content-Signature is missing or wrong: give the token of this bot, and the body as it came',
        )
      const { timestamp } = fieldsOf(lenientJson(body))
      // What set_webhook asks with may have a number that is no time.
      if (Number.isSafeInteger(timestamp)) checkFresh('timestamp', String(Number(timestamp) / 1000), now, '12h')
    },
    parse: ({ body }) => ({ events: [eventOf(body)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

const statuses = { delivered: 'delivered', seen: 'read', failed: 'failed' } as const

function receiptOf(provider: string, event: ViberEvent): Receipt | undefined {
  if (event.event !== 'delivered' && event.event !== 'seen' && event.event !== 'failed') return undefined
  const { event: raw, messageId, at, description } = event
  const reason = raw === 'failed' ? description : undefined
  return { provider, keys: [messageId], status: statuses[raw], at, raw, ...(reason !== undefined && { reason }) }
}

/** Whoever writes is subscribed again as well; but what is written may be STOP, so that only the app can say what it means. */
function suppressionOf(provider: string, event: ViberEvent): Suppression | undefined {
  if (event.event !== 'subscribed' && event.event !== 'unsubscribed') return undefined
  const { event: raw, user: address, at } = event
  const state = raw === 'subscribed' ? 'restored' : 'suppressed'
  return { state, provider, channel: 'viber', address, reason: 'opted-out', at, raw }
}
