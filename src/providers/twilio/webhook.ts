import type { Channel } from '../../contract/channel.ts'
import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression, SuppressionReason } from '../../contract/suppression.ts'
import type { Clock } from '../../contract/time.ts'
import type { WebhookRequest, WebhookSource } from '../../contract/webhook.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { textOf } from '../../webhooks/json.ts'
import { base64Of } from '../../wire/bytes.ts'
import { systemClock } from '../../wire/clock.ts'
import { constantTimeEqual, matchesSecret } from '../../wire/constant-time.ts'
import { sha256Hex } from '../../wire/digest.ts'
import { hmac } from '../../wire/hmac.ts'
import { lookUp } from '../../wire/json.ts'
import { checkNames, checkOptions, clockRule, isText } from '../../wire/options.ts'
import { windowRule } from '../../wire/whatsapp.ts'

/** What a status callback or an inbound message tells. Twilio says no times: `at` is when it was read, in Unix milliseconds. */
export type TwilioEvent = {
  readonly channel: Extract<Channel, 'sms' | 'whatsapp'>
  readonly messageSid: string
  readonly at: number
  readonly raw: Readonly<Record<string, string>>
} & (
  | { readonly event: 'status'; readonly status: string; readonly to: string; readonly errorCode?: string }
  | { readonly event: 'message'; readonly from: string; readonly text: string; readonly optOut?: 'stop' | 'start' }
)

/** Options of `twilioWebhook`. */
export interface TwilioWebhookOptions {
  /** The account's token, also where an API key sends; several while it is changed. */
  readonly authToken: string | readonly string[]
  /** Is told who wrote when on WhatsApp. */
  readonly window?: WhatsAppWindow
  /** Name of the provider. */
  readonly name?: string
  /** By default the machine's. */
  readonly clock?: Clock
}

/**
 * Twilio's status callbacks and inbound messages. Twilio signs the URL as it calls it and each field of the form, and no time: a copy verifies as well, and
 * changes nothing twice. Behind a proxy give the handler `publicUrl`. Source: twilio.com/docs/usage/webhooks/webhooks-security; twilio-node.
 */
export function twilioWebhook(options: TwilioWebhookOptions): WebhookSource<TwilioEvent> {
  checkNames('twilioWebhook', options, ['authToken', 'window', 'name', 'clock'])
  const { window, name: provider = 'twilio', clock = systemClock } = options
  const tokens = [options?.authToken ?? []].flat()
  checkOptions('twilioWebhook', [
    [
      'authToken',
      options?.authToken,
      tokens.length > 0 && tokens.every((token) => isText(token)),
      "be the account's token, or a list of them",
    ],
    windowRule(window, 'wrote'),
    clockRule(clock),
  ])
  return {
    provider,
    contentTypes: ['application/x-www-form-urlencoded', 'application/json'],
    signature: 'X-Twilio-Signature (HMAC-SHA1 of URL and form)',
    async verify(request) {
      const fields = await signedFields(request)
      const urls = formsOf(request.url)
      const all = tokens.flatMap((token) => urls.map(async (url) => base64Of(await hmac('SHA-1', token, url, fields ?? ''))))
      if (fields === undefined || !matchesSecret(request.headers.get('x-twilio-signature'), await Promise.all(all)))
        throw new WebhookVerificationError(
          "X-Twilio-Signature is missing or wrong: give the account's token, and as publicUrl the URL that Twilio calls, its query included",
        )
    },
    parse: ({ body }) => ({ events: [eventOf(formOf(textOf('twilio', body)), clock.now())], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    suppressions: (events) => events.flatMap((event) => suppressionOf(provider, event) ?? []),
    async remember(events) {
      for (const event of events)
        if (event.event === 'message' && event.channel === 'whatsapp') await window?.wrote(event.from, event.at)
    },
  }
}

/** What is signed beside the URL: the form's fields in order of their names; of any other body its hash, in the URL. Undefined if that is wrong. */
async function signedFields({ url, body }: WebhookRequest): Promise<string | undefined> {
  const hash = url.searchParams.get('bodySHA256')
  if (hash !== null) {
    const own = await sha256Hex(body)
    return constantTimeEqual(hash.toLowerCase(), own) ? '' : undefined
  }
  const form = new URLSearchParams(new TextDecoder().decode(body))
  const names = [...new Set(form.keys())].sort()
  return names
    .map((name) =>
      [...new Set(form.getAll(name))]
        .sort()
        .map((value) => name + value)
        .join(''),
    )
    .join('')
}

/** Twilio signs the URL with or without the standard port, depending on who calls. */
function formsOf({ href, protocol, port, host }: URL): readonly string[] {
  if (port !== '') return [href]
  return [href, href.replace(`//${host}`, `//${host}:${protocol === 'https:' ? '443' : '80'}`)]
}

function formOf(body: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(body))
}

function eventOf(raw: Readonly<Record<string, string>>, at: number): TwilioEvent {
  const { MessageSid: sid, SmsSid: messageSid = sid, MessageStatus: status, To: to = '', From: from = '' } = raw
  if (!isText(messageSid)) throw new WebhookParseError('twilio', 'is missing', { path: 'MessageSid' })
  const channel = `${to}${from}`.includes('whatsapp:') ? 'whatsapp' : 'sms'
  const shared = { channel, messageSid: sid || messageSid, at, raw } as const
  if (status !== undefined && status !== 'received') {
    const { ErrorCode: errorCode } = raw
    return { ...shared, event: 'status', status, to: numberOf(to), ...(isText(errorCode) && { errorCode }) }
  }
  const { Body: text = '', OptOutType: type } = raw
  const optOut = optOutOf(type, text)
  return { ...shared, event: 'message', from: numberOf(from), text, ...(optOut && { optOut }) }
}

function numberOf(address: string): string {
  return address.replace(/^whatsapp:/, '')
}

const stops = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT']
const starts = ['START', 'YES', 'UNSTOP']

/** What Twilio itself takes for opting out and in: it says so where the service has Advanced Opt-Out, else its default keywords count. */
function optOutOf(type: string | undefined, text: string): 'stop' | 'start' | undefined {
  if (type !== undefined) return type === 'STOP' ? 'stop' : type === 'START' ? 'start' : undefined
  const word = text.trim().toUpperCase()
  return stops.includes(word) ? 'stop' : starts.includes(word) ? 'start' : undefined
}

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  sent: 'sent',
  delivered: 'delivered',
  partially_delivered: 'delivered',
  read: 'read',
  failed: 'failed',
  undelivered: 'failed',
  canceled: 'failed',
}

function receiptOf(provider: string, event: TwilioEvent): Receipt | undefined {
  if (event.event !== 'status' || !Object.hasOwn(statuses, event.status)) return undefined
  const { messageSid, status: raw, at, errorCode } = event
  // [U] 30036: the validity period was over.
  const status = errorCode === '30036' ? 'expired' : statuses[raw]!
  const isFailure = status === 'failed' || status === 'expired'
  return { provider, keys: [messageSid], status, at, raw, ...(isFailure && errorCode !== undefined && { reason: errorCode }) }
}

const reasons: Readonly<Record<string, SuppressionReason>> = { '21610': 'opted-out', '30005': 'bounced', '63024': 'bounced' }

function suppressionOf(provider: string, event: TwilioEvent): Suppression | undefined {
  const { channel, at } = event
  const address = event.event === 'message' ? event.from : event.to
  if (address === '') return undefined
  if (event.event === 'message') {
    if (event.optOut === undefined) return undefined
    const state = event.optOut === 'stop' ? 'suppressed' : 'restored'
    return {
      state,
      provider,
      channel,
      address,
      reason: 'opted-out',
      at,
      raw: event.raw.OptOutType ?? event.text.trim(),
    }
  }
  const { errorCode = '' } = event
  const reason = lookUp(reasons, errorCode)
  return reason && { state: 'suppressed', provider, channel, address, reason, at, raw: errorCode }
}
