import { WebhookParseError, WebhookVerificationError } from '../../contract/errors.ts'
import type { Duration } from '../../contract/time.ts'
import type { WebhookSource } from '../../contract/webhook.ts'
import { parseJson, textOf } from '../../webhooks/json.ts'
import { hexOf, joined } from '../../wire/bytes.ts'
import { matchesSecret } from '../../wire/constant-time.ts'
import { hmac } from '../../wire/hmac.ts'
import { isObject } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { checkFresh, toleranceRule } from '../../wire/replay.ts'
import { eventOf, receiptsOf, type TelegramGatewayEvent } from './status.ts'

/** Options of `telegramGatewayWebhook`. */
export interface TelegramGatewayWebhookOptions {
  /** The API token of the account, with which Telegram signs; several while it is changed. */
  readonly accessToken: string | readonly string[]
  /** How old a signature may be. Default 5 minutes. */
  readonly tolerance?: Duration
  /** Name of the provider. */
  readonly name?: string
}

/**
 * The reports that Telegram sends to `callbackUrl`, signed over time and bytes (`X-Request-Signature`: HMAC-SHA256 by the token's SHA-256). It takes
 * nothing but 200 for an answer, and repeats a report up to ten times. Source: core.telegram.org/gateway/api, Report delivery.
 */
export function telegramGatewayWebhook(options: TelegramGatewayWebhookOptions): WebhookSource<TelegramGatewayEvent> {
  checkNames('telegramGatewayWebhook', options, ['accessToken', 'tolerance', 'name'])
  const { accessToken, tolerance, name: provider = 'telegram-gateway' } = options
  const tokens = [accessToken ?? []].flat()
  checkOptions('telegramGatewayWebhook', [
    [
      'accessToken',
      accessToken,
      tokens.length > 0 && tokens.every((token) => isText(token)),
      'be the API token of the account, or a list of them',
    ],
    toleranceRule(tolerance),
  ])
  return {
    provider,
    signature: 'X-Request-Signature (HMAC-SHA256)',
    async verify({ headers, body }, now) {
      const timestamp = headers.get('x-request-timestamp')
      checkFresh('X-Request-Timestamp', timestamp, now, tolerance)
      const expected = await Promise.all(tokens.map((token) => signatureOf(token, `${timestamp}\n`, body)))
      if (!matchesSecret(headers.get('x-request-signature'), expected))
        throw new WebhookVerificationError(
          'X-Request-Signature is missing or wrong: give the API token of this account, and the body as it came',
        )
    },
    parse: ({ body }) => {
      const raw = parseJson('telegram-gateway', textOf('telegram-gateway', body))
      if (!isObject(raw)) throw new WebhookParseError('telegram-gateway', 'must be an object with the fields of a report')
      return { events: [eventOf(raw)], errors: [] }
    },
    receipts: (events) => events.flatMap((event) => receiptsOf(provider, event)),
  }
}

async function signatureOf(token: string, ...message: readonly (string | Uint8Array)[]): Promise<string> {
  const key = new Uint8Array(await crypto.subtle.digest('SHA-256', joined([token])))
  return hexOf(await hmac('SHA-256', key, ...message))
}
