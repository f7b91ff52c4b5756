import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJsonExactly, textOf } from '../../webhooks/json.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { sha1Hex } from '../../wire/digest.ts'
import { fieldsOf, isObject } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { statusOf, timeOf } from './status.ts'

/** What a callback tells. `id` is the event's own, the same when TurboSMS tries again; `at` is in Unix milliseconds. */
export type TurboSmsEvent =
  | {
      readonly event: 'status'
      readonly id: string
      readonly messageId: string
      readonly status: 'pending' | ReceiptStatus
      /** TurboSMS's own word. */
      readonly raw: string
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** Options of `turbosmsWebhook`. */
export interface TurboSmsWebhookOptions {
  /** The secret key beside the callback's URL in the account; several while it is changed. */
  readonly secret: string | readonly string[]
  /** Name of the provider. */
  readonly name?: string
}

/**
 * TurboSMS's callbacks, in JSON: what has become of messages. The signature is the SHA-1 of the secret and the event's id, in an order that
 * TurboSMS does not tell [U], so both are taken. It covers nothing else: who has seen one callback can send it again with other data.
 * That `data` holds `message_id`, `status` and `dlr_date` is a field report [U].
 */
export function turbosmsWebhook(options: TurboSmsWebhookOptions): WebhookSource<TurboSmsEvent> {
  checkNames('turbosmsWebhook', options, ['secret', 'name'])
  const secrets = [options?.secret ?? []].flat()
  const areSecrets = secrets.length > 0 && secrets.every((secret) => isText(secret))
  checkOptions('turbosmsWebhook', [
    ['secret', options?.secret, areSecrets, 'be the secret key of the callback, or a list of such'],
  ])
  const provider = options.name ?? 'turbosms'
  return {
    provider,
    signature: 'SHA-1 of secret and event id alone, in the body',
    async verify({ body }) {
      const { id, signature } = proofOf(body)
      const expected = await Promise.all(secrets.flatMap((secret) => [sha1Hex(`${secret}${id}`), sha1Hex(`${id}${secret}`)]))
      if (id === '' || !matchesSecret(signature.toLowerCase(), expected)) {
        throw new WebhookVerificationError(
          'the signature is missing or wrong: give the secret key that stands beside the callback in the account, and choose JSON there',
        )
      }
    },
    parse: ({ body }) => ({ events: [eventOf(body)], errors: [] }),
    receipts: (events) => events.flatMap((event) => receiptOf(provider, event) ?? []),
  }
}

/** The signed id and its signature; nothing where the body cannot be read, so that it is refused. */
function proofOf(body: Uint8Array): { readonly id: string; readonly signature: string } {
  try {
    const { id, signature } = fieldsOf(parseJsonExactly('turbosms', textOf('turbosms', body)))
    return { id: idOf(id), signature: typeof signature === 'string' ? signature : '' }
  } catch {
    return { id: '', signature: '' }
  }
}

function eventOf(body: Uint8Array): TurboSmsEvent {
  const raw = parseJsonExactly('turbosms', textOf('turbosms', body))
  if (!isObject(raw)) throw new WebhookParseError('turbosms', 'must be an object')
  const id = idOf(raw.id)
  if (id === '') throw new WebhookParseError('turbosms', 'must be a text or a number', { path: 'id' })
  return statusIn(id, raw) ?? { event: 'unknown', raw }
}

function statusIn(id: string, { data, date }: JsonObject): TurboSmsEvent | undefined {
  const { message_id: messageId, status: word, dlr_date: moment } = fieldsOf(data)
  const status = typeof word === 'string' ? statusOf(word) : undefined
  const at = timeOf(moment) ?? timeOf(date)
  if (!isText(messageId) || typeof word !== 'string' || status === undefined || at === undefined) return undefined
  return { event: 'status', id, messageId, status, raw: word, at }
}

function idOf(id: unknown): string {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : ''
}

function receiptOf(provider: string, event: TurboSmsEvent): Receipt | undefined {
  if (event.event !== 'status' || event.status === 'pending') return undefined
  const { messageId, status, raw, at } = event
  return { provider, keys: [messageId], status, raw, at }
}
