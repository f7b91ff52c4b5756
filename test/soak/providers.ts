import {
  type ChannelProvider,
  type FailureKind,
  type ReceiptSink,
  type ReceiptStatus,
  SendError,
  type WebhookSource,
} from 'omnicascade'
import { expressWebhook, type WebhookOptions } from 'omnicascade/http/express'
import { infobip, infobipWebhook } from 'omnicascade/providers/infobip'
import { sendgrid, sendgridWebhook } from 'omnicascade/providers/sendgrid'
import { slackBot } from 'omnicascade/providers/slack'
import { twilio, twilioWebhook } from 'omnicascade/providers/twilio'
import { createPoster } from '../crash/http.ts'
import { settings, timing, type VendorName } from './script.ts'
import { shared } from './wires.ts'

/** Where vendors are, and where they post to. */
export interface Places {
  readonly vendors: Readonly<Record<VendorName, string>>
  readonly webhooks: Readonly<Record<VendorName, string>>
}

const kinds: Readonly<Record<number, FailureKind>> = { 401: 'configuration', 410: 'recipient', 422: 'content' }

/** A provider of one's own, over bare `node:http`: cheap, as it makes most of the calls. */
function gateway(url: string): ChannelProvider<'sms'> {
  const { post, close } = createPoster(settings.gateway.limits.concurrency)
  return {
    name: 'gateway',
    channels: ['sms'],
    receipts: 'full',
    keys: ({ idempotencyKey }) => [idempotencyKey],
    async send({ to, content, idempotencyKey: key }, { signal }) {
      const { status, headers, text } = await post(url, { to, key, text: content.text }, signal)
      if (status === 200) return { messageId: idIn(text) }
      const kind = kinds[status] ?? (status === 429 || status >= 500 ? 'transient' : 'unknown')
      throw new SendError(kind, `the gateway answered ${status}`, { code: status, retryAfter: waitIn(headers['retry-after']) })
    },
    close: async () => close(),
  }
}

function idIn(text: string): string {
  try {
    const { id } = JSON.parse(text)
    if (typeof id === 'string') return id
  } catch {}
  throw new SendError('unknown', 'the gateway answered 200 with what it does not document')
}

function waitIn(field: string | string[] | undefined): number | undefined {
  if (typeof field !== 'string') return undefined
  return Number.isFinite(Number(field)) ? Number(field) * 1000 : Math.max(0, Date.parse(field) - Date.now())
}

/** The providers of a run. A call that is cut at `timeout` is one that its vendor never answered. */
export function providersOf({ vendors, webhooks }: Places): ChannelProvider<'sms' | 'email' | 'chat'>[] {
  const own = <C extends 'sms' | 'email' | 'chat'>(provider: ChannelProvider<C>): ChannelProvider<C> => ({
    ...provider,
    limits: settings[provider.name as VendorName].limits,
    timeout: timing.timeout,
  })
  const made = [
    own(gateway(vendors.gateway)),
    own(infobip({ baseUrl: vendors.infobip, apiKey: 'key', senders: { sms: 'Soak' } })),
    own(
      twilio({
        ...shared.twilio,
        baseUrl: vendors.twilio,
        senders: { sms: '+15005550006' },
        callbackUrl: webhooks.twilio,
      }) as ChannelProvider<'sms'>,
    ),
    own(sendgrid({ apiKey: shared.sendgrid, from: 'soak@example.org', baseUrl: vendors.sendgrid })),
    own(slackBot({ token: shared.slack, baseUrl: vendors.slack })),
  ]
  return made as ChannelProvider<'sms' | 'email' | 'chat'>[]
}

/** What takes each vendor's reports; Slack posts none. */
export function handlersOf(sink: ReceiptSink, sendgridKey: string, options: Pick<WebhookOptions, 'clock' | 'onError'>) {
  // The gateway signs nothing, and is on the loopback network.
  const handler = <E>(source: WebhookSource<E>) => expressWebhook(sink, source, { secret: false, ...options })
  return {
    gateway: handler(gatewayWebhook),
    infobip: handler(infobipWebhook({ credentials: shared.infobip })),
    twilio: handler(twilioWebhook({ authToken: shared.twilio.authToken })),
    sendgrid: handler(sendgridWebhook({ publicKey: sendgridKey })),
  }
}

interface GatewayEvent {
  readonly key: string
  readonly status: ReceiptStatus
  readonly at: number
}

const gatewayWebhook: WebhookSource<GatewayEvent> = {
  provider: 'gateway',
  parse: ({ body }) => ({ events: JSON.parse(new TextDecoder().decode(body)), errors: [] }),
  receipts: (events) => events.map(({ key, status, at }) => ({ provider: 'gateway', keys: [key], status, at })),
}
