import { WebhookVerificationError } from '../../contract/errors.ts'
import type { Receipt } from '../../contract/receipt.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { hexOf } from '../../wire/bytes.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { hmac } from '../../wire/hmac.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { windowRule } from '../../wire/whatsapp.ts'
import { parseWhatsApp, type WhatsAppCloudEvent } from './events.ts'

/** Options of `whatsappCloudWebhook`. */
export interface WhatsAppCloudWebhookOptions {
  /** The app's secret (App settings, Basic); several while it is changed. */
  readonly appSecret: string | readonly string[]
  /** The token that was typed in beside the callback URL: Meta sends it when it asks whether the endpoint is the app's. */
  readonly verifyToken: string
  /** Is told who wrote when. */
  readonly window?: WhatsAppWindow
  /** Name of the provider. */
  readonly name?: string
}

/**
 * Meta's webhook for WhatsApp: statuses of messages, and messages of people. Mount it for GET, too: that is how Meta verifies the endpoint. It signs the
 * bytes (`X-Hub-Signature-256`) and no time: a copy is as good as the original, and changes nothing twice.
 * Source: developers.facebook.com, webhooks of the WhatsApp Business Platform.
 */
export function whatsappCloudWebhook(options: WhatsAppCloudWebhookOptions): WebhookSource<WhatsAppCloudEvent> {
  checkNames('whatsappCloudWebhook', options, ['appSecret', 'verifyToken', 'window', 'name'])
  const { verifyToken, window, name: provider = 'whatsapp' } = options
  const secrets = [options?.appSecret ?? []].flat()
  const areSecrets = secrets.length > 0 && secrets.every((secret) => isText(secret))
  checkOptions('whatsappCloudWebhook', [
    ['appSecret', options?.appSecret, areSecrets, 'be the secret of the app, or a list of them'],
    ['verifyToken', verifyToken, isText(verifyToken), 'be the verify token of the webhook'],
    windowRule(window, 'wrote'),
  ])
  return {
    provider,
    methods: ['GET', 'POST'],
    signature: 'X-Hub-Signature-256 (HMAC-SHA256)',
    async verify({ method, url, headers, body }) {
      if (method === 'GET') {
        if (
          url.searchParams.get('hub.mode') === 'subscribe' &&
          matchesSecret(url.searchParams.get('hub.verify_token'), [verifyToken])
        )
          return
        throw new WebhookVerificationError(
          'hub.verify_token is missing or wrong: type the same verify token in beside the callback URL',
        )
      }
      const expected = await Promise.all(secrets.map(async (secret) => `sha256=${hexOf(await hmac('SHA-256', secret, body))}`))
      if (!matchesSecret(headers.get('x-hub-signature-256'), expected))
        throw new WebhookVerificationError(
          'X-Hub-Signature-256 is missing or wrong: give the secret of the app, and the body as it came',
        )
    },
    parse: parseWhatsApp,
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
    async remember(events) {
      for (const event of events) if (event.event === 'message') await window?.wrote(event.from, event.at)
    },
    answer(_, [first]) {
      return first?.event === 'verification' ? { body: first.challenge } : {}
    },
  }
}

/** Nothing in a failure says that a number is of no use for good: 131026 is also an old client, 131050 an end to marketing alone. */
function receiptOf(provider: string, event: WhatsAppCloudEvent): Receipt | undefined {
  if (event.event !== 'status') return undefined
  const { messageId, key, status, at, code, title } = event
  // A voice message that was played was read.
  const known = status === 'played' ? 'read' : status
  if (known !== 'sent' && known !== 'delivered' && known !== 'read' && known !== 'failed') return undefined
  const reason = [code, title].filter((part) => part !== undefined).join(' ')
  const keys = key === undefined ? [messageId] : [messageId, key]
  return { provider, keys, status: known, at, raw: status, ...(known === 'failed' && reason !== '' && { reason }) }
}
