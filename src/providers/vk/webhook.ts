import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import type { Receipt } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { Clock } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { lenientJson, parseJson, textOf } from '../../webhooks/json.ts'
import { systemClock } from '../../wire/clock.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { fieldsOf, wordOf } from '../../wire/json.ts'
import { checkNames, checkOptions, clockRule, isText } from '../../wire/options.ts'

/** What VK's Callback API tells. VK says no times: `at` is when it was read, in Unix milliseconds. */
export type VkEvent =
  /** VK asks whether the endpoint is the community's. */
  | { readonly event: 'confirmation' }
  | { readonly event: 'allowed' | 'denied'; readonly eventId: string; readonly user: number; readonly at: number }
  /** Somebody has read up to this message of the conversation. */
  | { readonly event: 'read'; readonly eventId: string; readonly peer: number; readonly message: number; readonly at: number }
  /** Without the secret. */
  | { readonly event: 'unknown'; readonly type: string; readonly raw: JsonObject }

/** Options of `vkWebhook`. */
export interface VkWebhookOptions {
  /** The secret key of the server's settings; several while it is changed. */
  readonly secret: string | readonly string[]
  /** The text that the server's settings want to be answered; it changes when the server is edited. */
  readonly confirmation: string
  /** Events of any other community are refused. */
  readonly groupId?: number
  /** Name of the provider. */
  readonly name?: string
  /** By default the machine's. */
  readonly clock?: Clock
}

/**
 * VK's Callback API: who allowed or denied messages, and who has read. Every event holds the secret; nothing is signed. Subscribe to `message_allow`,
 * `message_deny` and `message_read`. Source: dev.vk.com, Callback API.
 */
export function vkWebhook(options: VkWebhookOptions): WebhookSource<VkEvent> {
  checkNames('vkWebhook', options, ['secret', 'confirmation', 'groupId', 'name', 'clock'])
  const { confirmation, groupId, name: provider = 'vk', clock = systemClock } = options
  const secrets = [options?.secret ?? []].flat()
  checkOptions('vkWebhook', [
    [
      'secret',
      options?.secret,
      secrets.length > 0 && secrets.every((secret) => isText(secret)),
      'be the secret key, or a list of them',
    ],
    ['confirmation', confirmation, isText(confirmation, /^[\w-]+$/), 'be the text that VK wants to be answered'],
    ['groupId', groupId, groupId === undefined || Number.isSafeInteger(groupId), 'be the id of the community, a number'],
    clockRule(clock),
  ])
  return {
    provider,
    signature: 'secret in the body (shared secret)',
    async verify({ body }) {
      const { secret, group_id: group } = fieldsOf(lenientJson(body))
      const isKnown = matchesSecret(typeof secret === 'string' ? secret : '', secrets)
      if (!isKnown || (groupId !== undefined && group !== groupId))
        throw new WebhookVerificationError(
          'the secret or the group_id is missing or wrong: give both as in the settings of the server',
        )
    },
    parse: ({ body }) => ({ events: [eventOf(parseJson('vk', textOf('vk', body)) as JsonValue, clock.now())], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
    answer: (_, [first]) => ({ body: first?.event === 'confirmation' ? confirmation : 'ok' }),
  }
}

function eventOf(raw: JsonValue, at: number): VkEvent {
  const { type, object, event_id: eventId = '' } = fieldsOf(raw)
  if (typeof type !== 'string') throw new WebhookParseError('vk', 'must be a text', { path: 'type' })
  if (type === 'confirmation') return { event: 'confirmation' }
  const { user_id: user, peer_id: peer, read_message_id: message } = fieldsOf(object)
  const shared = { eventId: wordOf(eventId), at }
  if (type === 'message_allow' && isId(user)) return { event: 'allowed', user, ...shared }
  if (type === 'message_deny' && isId(user)) return { event: 'denied', user, ...shared }
  if (type === 'message_read' && isId(peer) && isId(message)) return { event: 'read', peer, message, ...shared }
  // Every event holds the secret.
  const { secret: _, ...rest } = fieldsOf(raw)
  return { event: 'unknown', type, raw: rest }
}

/** Reading reaches the message that was read last; those before it are not named. */
function receiptOf(provider: string, event: VkEvent): Receipt | undefined {
  if (event.event !== 'read') return undefined
  return { provider, keys: [`${event.peer}:${event.message}`], status: 'read', at: event.at, raw: 'message_read' }
}

function suppressionOf(provider: string, event: VkEvent): Suppression | undefined {
  if (event.event !== 'allowed' && event.event !== 'denied') return undefined
  const state = event.event === 'denied' ? 'suppressed' : 'restored'
  const raw = event.event === 'denied' ? 'message_deny' : 'message_allow'
  return { state, provider, channel: 'vk', address: event.user, reason: 'opted-out', at: event.at, raw }
}

function isId(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}
