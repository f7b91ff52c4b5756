import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { type CommandIn, type CommandWords, commandReader, commandRules } from '../../wire/commands.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { e164Of } from '../../wire/phone.ts'

/** What Kannel calls about. `at` is in Unix milliseconds. */
export type KannelEvent =
  | {
      readonly event: 'report'
      /** The idempotency key of the attempt. */
      readonly key: string
      readonly status: 'pending' | ReceiptStatus
      /** Kannel's number for it. */
      readonly raw: string
      /** The SMSC's own words. They may quote the message. */
      readonly answer?: string
      readonly at: number
    }
  | {
      readonly event: 'message'
      /** E.164 with its `+`, where the SMSC gives the whole number. */
      readonly from: string
      readonly to: string
      readonly text: string
      /** The text is one of the words that opt out, or in again. */
      readonly command?: 'stop' | 'start'
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Options of `kannelWebhook`. */
export interface KannelWebhookOptions extends CommandWords {
  /** The `token` in the query of `dlrUrl`, and of the `get-url` for inbound messages; several while it is changed. */
  readonly secret: string | readonly string[]
  /** Name of the provider. */
  readonly name?: string
}

/**
 * Kannel's callbacks, which come with GET: delivery reports for what `kannel` has sent with a `dlrUrl`, and inbound messages from an `sms-service` whose
 * `get-url` ends in `from=%p&to=%P&text=%e&coding=%c&at=%T`. Kannel signs nothing: it is known by the token in the address.
 */
export function kannelWebhook(options: KannelWebhookOptions): WebhookSource<KannelEvent> {
  checkNames('kannelWebhook', options, ['secret', 'stopWords', 'startWords', 'name'])
  const secrets = [options?.secret ?? []].flat()
  checkOptions('kannelWebhook', [
    [
      'secret',
      options?.secret,
      secrets.length > 0 && secrets.every((one) => isText(one)),
      'be the token of the address, or a list of such',
    ],
    ...commandRules(options ?? {}),
  ])
  const provider = options.name ?? 'kannel'
  const commandIn = commandReader(options)
  return {
    provider,
    methods: ['GET'],
    signature: 'a token in the URL (shared secret)',
    async verify({ url }) {
      if (!matchesSecret(url.searchParams.get('token'), secrets)) {
        throw new WebhookVerificationError('token is missing or wrong: put it into the query of dlrUrl, and of the get-url')
      }
    },
    parse: ({ url }) => ({ events: [eventOf(url.searchParams, commandIn)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
  }
}

function eventOf(query: URLSearchParams, commandIn: CommandIn): KannelEvent {
  const field = (name: string) => query.get(name) ?? ''
  const [key, raw, from] = [field('key'), field('dlr'), field('from')]
  if (key !== '' && raw !== '') {
    const answer = field('answer')
    return { event: 'report', key, status: statusOf(raw, answer), raw, ...(answer !== '' && { answer }), at: timeOf(query) }
  }
  if (from === '' || !query.has('text')) return { event: 'unknown', raw: withoutToken(query) }
  const text = textOf(field('text'), field('coding'))
  const command = commandIn(text)
  const shared = { from: e164Of(from.replace(/^\+|^00/, '')), to: field('to'), text, at: timeOf(query) }
  return { event: 'message', ...shared, ...(command && { command }) }
}

function timeOf(query: URLSearchParams): number {
  const seconds = query.get('at') ?? ''
  if (!/^\d{1,11}$/.test(seconds)) throw new WebhookParseError('kannel', 'must be Unix seconds: write at=%T', { path: 'at' })
  return Number(seconds) * 1000
}

/** Text comes as bytes in hexadecimal (`%e`): in UTF-16 where its coding says UCS-2, else in UTF-8. */
function textOf(hex: string, coding: string): string {
  if (!/^([\da-f]{2})*$/i.test(hex)) throw new WebhookParseError('kannel', 'must be hexadecimal: write text=%e', { path: 'text' })
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return new TextDecoder(coding === '2' ? 'utf-16be' : 'utf-8').decode(bytes)
}

function withoutToken(query: URLSearchParams): Readonly<Record<string, string>> {
  const { token: _, ...fields } = Object.fromEntries(query)
  return fields
}

/** By Kannel's number (user's guide, `dlr-mask`; 66 is of later versions) and, for a state that has none, the SMSC's words. */
function statusOf(raw: string, answer: string): 'pending' | ReceiptStatus {
  switch (raw) {
    case '1':
      return 'delivered'
    case '8':
      return 'sent'
    case '34':
      return 'expired'
    case '2':
      return /\bstat:EXPIRED\b/i.test(answer) ? 'expired' : 'failed'
    case '16':
    case '66':
      return 'failed'
    default:
      return 'pending'
  }
}

function receiptOf(provider: string, event: KannelEvent): Receipt | undefined {
  if (event.event !== 'report' || event.status === 'pending') return undefined
  const { key, status, raw, at, answer = '' } = event
  const reason = status === 'failed' || status === 'expired' ? reasonOf(answer) : undefined
  return { provider, keys: [key], status, at, raw, ...(reason !== undefined && { reason }) }
}

/** The code alone: the words around it may quote the message. */
function reasonOf(answer: string): string | undefined {
  const [, refused] = /^NACK\/(\w{1,20})/.exec(answer) ?? []
  if (refused !== undefined) return `NACK ${refused}`
  const [, code] = /\berr:(\w{1,20})/i.exec(answer) ?? []
  return code === undefined || /^0+$/.test(code) ? undefined : `err ${code}`
}

function suppressionOf(provider: string, event: KannelEvent): Suppression | undefined {
  if (event.event !== 'message' || event.command === undefined) return undefined
  const state = event.command === 'stop' ? 'suppressed' : 'restored'
  const { from: address, at, text } = event
  return { state, provider, channel: 'sms', address, reason: 'opted-out', at, raw: text.trim() }
}
