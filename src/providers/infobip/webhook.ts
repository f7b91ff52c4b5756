import { WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { basicOf } from '../../wire/basic.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'
import { windowRule } from '../../wire/whatsapp.ts'
import { duplicate } from './answer.ts'
import { type InfobipEvent, parseInfobip } from './events.ts'

export type { InfobipEvent } from './events.ts'

/** User and password that Infobip is to send with each webhook (HTTP Basic). */
export interface InfobipWebhookCredentials {
  readonly username: string
  readonly password: string
}

/** Options of `infobipWebhook`. At least one of `credentials` and `token` is needed; a webhook must come with one of them. */
export interface InfobipWebhookOptions {
  /** As the subscription's security settings have them (type BASIC); several while they are changed. */
  readonly credentials?: InfobipWebhookCredentials | readonly InfobipWebhookCredentials[]
  /** The `token` in the query of `notifyUrl`, which takes no credentials along; several while it is changed. */
  readonly token?: string | readonly string[]
  /** Is told who wrote when on WhatsApp. */
  readonly window?: WhatsAppWindow
  /** Name of the provider. */
  readonly name?: string
}

/**
 * Infobip's webhooks: delivery, seen and click reports, inbound messages and changes of the blocklist. Infobip can also sign with an HMAC,
 * but what it signs, and in which header, is not public; so it is known by a shared secret, which proves nothing about the body.
 */
export function infobipWebhook(options: InfobipWebhookOptions): WebhookSource<InfobipEvent> {
  checkNames('infobipWebhook', options, ['credentials', 'token', 'window', 'name'])
  const credentials = [options?.credentials ?? []].flat()
  const tokens = [options?.token ?? []].flat()
  const areCredentials =
    credentials.length + tokens.length > 0 && credentials.every((one) => isText(one?.username, /^[^:]+$/) && isText(one.password))
  const { window, name: provider = 'infobip' } = options ?? {}
  checkOptions('infobipWebhook', [
    [
      'credentials',
      options?.credentials,
      areCredentials,
      'be a username (without a colon) and a password, or there must be a token',
    ],
    ['token', options?.token, tokens.every((token) => isText(token)), 'be a text, or a list of texts'],
    windowRule(window, 'wrote'),
  ])
  const accepted = credentials.map(({ username, password }) => basicOf(username, password))
  return {
    provider,
    signature: 'HTTP Basic, or a token in the URL (shared secret)',
    async verify({ headers, url }) {
      const isKnown = matchesSecret(headers.get('authorization'), accepted)
      if (!matchesSecret(url.searchParams.get('token'), tokens) && !isKnown) {
        throw new WebhookVerificationError(
          'Authorization is missing or wrong: give the Infobip subscription security settings of type BASIC with the same credentials, or its URL the token',
        )
      }
    },
    parse: ({ body }) => parseInfobip(body),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
    async remember(events) {
      for (const event of events)
        if (event.event === 'inbound' && event.channel === 'whatsapp') await window?.wrote(event.from, event.at)
    },
  }
}

function receiptOf(provider: string, event: InfobipEvent): Receipt | undefined {
  if (event.event !== 'report' && event.event !== 'seen' && event.event !== 'clicked') return undefined
  const shared = { provider, keys: [event.messageId], at: event.at }
  if (event.event === 'seen') return { ...shared, status: 'read' }
  if (event.event === 'clicked') return { ...shared, status: 'clicked', link: event.url }
  // A repeated send has the id of the first, and must not make it fail.
  if (event.status === 'pending' || event.raw === duplicate) return undefined
  const isFailure = event.status === 'failed' || event.status === 'expired'
  return {
    ...shared,
    status: event.status,
    raw: event.raw,
    ...(event.cost !== undefined && { cost: event.cost }),
    ...(isFailure && event.error !== undefined && { reason: event.error }),
  }
}

function suppressionOf(provider: string, event: InfobipEvent): Suppression | undefined {
  if (event.event === 'blocked' || event.event === 'unblocked') {
    const { channel, address, at, raw } = event
    if (channel === undefined) return undefined
    const state = event.event === 'blocked' ? 'suppressed' : 'restored'
    return { state, provider, channel, address, reason: 'opted-out', at, raw }
  }
  if (event.event !== 'report' || event.status !== 'failed') return undefined
  const { channel, to, at, raw, error = raw } = event
  const reason = reasonOf(error) ?? reasonOf(raw)
  if (reason === undefined || channel === undefined || to === undefined) return undefined
  return { state: 'suppressed', provider, channel, address: e164Of(to), reason, at, raw: error }
}

/** What Infobip documents as permanent and as the address's own. Opting out of WhatsApp marketing alone leaves the address usable. */
function reasonOf(name: string): SuppressionReason | undefined {
  switch (name) {
    case 'EC_UNKNOWN_SUBSCRIBER':
    case 'EC_DEACTIVATED_LIST':
    case 'EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS':
    case 'EC_DESTINATION_NOT_SMS_PROVISIONED':
    case 'EC_UNKNOWN_USER':
      return 'bounced'
    case 'EC_SC_BLOCKED_BY_END_USER':
    case 'EC_BLOCKED_USER':
      return 'blocked'
    case 'EC_CONTENT_BLOCKED':
    case 'EC_DEST_ADDRESS_BLACKLISTED':
    case 'REJECTED_DND':
      return 'opted-out'
    default:
      return undefined
  }
}
