import { SendError } from '../contract/errors.ts'
import type { ChannelProvider, ProviderLimits, SendRequest } from '../contract/provider.ts'
import type { Clock } from '../contract/time.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import { basicOf } from '../wire/basic.ts'
import { systemClock } from '../wire/clock.ts'
import { createHttp, type HttpOptions, urlForm } from '../wire/http.ts'
import { isPrivateKey, type JwtSigner, jwtSigner } from '../wire/jwt.ts'
import { mergeFields } from '../wire/merge.ts'
import { checkNames, checkOptions, clockRule, isHttpUrl, isText, type OptionRule } from '../wire/options.ts'
import { channelsOf, type Senders, sendersRule } from '../wire/senders.ts'
import { windowRule } from '../wire/whatsapp.ts'
import { resultOf } from './vonage/answer.ts'
import { messageOf, type VonageChannel } from './vonage/message.ts'

export type { VonageChannel } from './vonage/message.ts'
export { type VonageEvent, type VonageWebhookOptions, vonageWebhook } from './vonage/webhook.ts'

/** An application and its private key in PEM (PKCS #8), or the account's key and secret. */
export type VonageAuth =
  | { readonly applicationId: string; readonly privateKey: string }
  | { readonly apiKey: string; readonly apiSecret: string }

/** Options of `vonage`. */
export interface VonageOptions<C extends VonageChannel = VonageChannel> extends HttpOptions {
  readonly auth: VonageAuth
  /** What it sends on, and as whom: the name or number of SMS, the number of WhatsApp, the service id of Viber. */
  readonly senders: Readonly<Record<C, string>>
  /** Where statuses are posted, in place of the application's own address: that of `vonageWebhook`. */
  readonly callbackUrl?: string
  /** Knows who may be sent free text on WhatsApp; give the same one to `vonageWebhook`. */
  readonly window?: WhatsAppWindow
  readonly name?: string
  readonly limits?: ProviderLimits
  /** For the times of tokens. */
  readonly clock?: Clock
}

const channels: readonly VonageChannel[] = ['sms', 'viber', 'whatsapp']
const longestReference = 100
const tokenSeconds = 900

/**
 * Sends SMS, Viber and WhatsApp messages through Vonage (Messages API v1), on those channels that `senders` names. The attempt's key travels as
 * `client_ref`, and comes back with each status. Fields of `content.vendor.vonage` join the body. Source: developer.vonage.com; vonage-node-sdk.
 */
export function vonage<C extends VonageChannel>(options: VonageOptions<C>): ChannelProvider<C> {
  checkNames('vonage', options, ['auth', 'senders', 'callbackUrl', 'window', 'name', 'limits', 'clock', 'baseUrl', 'fetch'])
  const senders: Senders<VonageChannel> = options?.senders ?? {}
  const { auth, callbackUrl, window, name = 'vonage', limits, clock = systemClock, fetch } = options ?? {}
  const { baseUrl = 'https://api.nexmo.com' } = options ?? {}
  checkOptions('vonage', [
    authRule(auth),
    sendersRule(options?.senders, channels),
    ['callbackUrl', callbackUrl, callbackUrl === undefined || isHttpUrl(callbackUrl), urlForm],
    windowRule(window, 'isOpen'),
    clockRule(clock),
  ])
  const http = createHttp('Vonage', { baseUrl, fetch })
  const authorization = authorizer(auth, clock)
  const keysOf = (key: string) => (key.length <= longestReference ? [key] : [])

  return {
    name,
    channels: channelsOf(senders, channels) as C[],
    receipts: 'full',
    ...(limits && { limits }),
    keys: ({ idempotencyKey }) => keysOf(idempotencyKey),
    async send(request, { signal }) {
      const keys = keysOf(request.idempotencyKey)
      const message = await messageOf(request as SendRequest<VonageChannel>, senders, window)
      const json = mergeFields(request.content.vendor?.vonage ?? {}, {
        ...message,
        ...(keys.length > 0 && { client_ref: request.idempotencyKey }),
        ...(callbackUrl !== undefined && { webhook_url: callbackUrl, webhook_version: 'v1' }),
      })
      const headers = { authorization: await authorization() }
      const answer = await http('v1/messages', { json, headers, signal })
      const secrets = [...Object.values(auth), headers.authorization, callbackUrl, String(request.to).replace(/^\+/, '')]
      return resultOf(answer, keys, secrets)
    },
  }
}

function authRule(auth: VonageAuth | undefined): OptionRule {
  const { applicationId, privateKey, apiKey, apiSecret, ...more } = (auth ?? {}) as Record<string, unknown>
  const isApplication =
    isText(applicationId, /^[\w-]{1,64}$/) && isPrivateKey(privateKey) && apiKey === undefined && apiSecret === undefined
  const isAccount = isText(apiKey, /^[^:\s]+$/) && isText(apiSecret) && applicationId === undefined && privateKey === undefined
  const isValid = (isApplication || isAccount) && Object.keys(more).length === 0
  return [
    'auth',
    undefined,
    isValid,
    'be { applicationId, privateKey } with the key in PEM (PKCS #8) and its line breaks, or { apiKey, apiSecret }',
  ]
}

/** A token of an application is made anew for each call: no two have the same `jti`. */
function authorizer(auth: VonageAuth, clock: Clock): () => Promise<string> {
  if ('apiKey' in auth) {
    const basic = basicOf(auth.apiKey, auth.apiSecret)
    return async () => basic
  }
  let signing: Promise<JwtSigner> | undefined
  return async () => {
    signing ??= jwtSigner('RS256', auth.privateKey)
    const sign = await signing.catch(() => {
      throw new SendError('configuration', 'the private key of the Vonage application cannot be read')
    })
    const iat = Math.floor(clock.now() / 1000)
    const claims = { application_id: auth.applicationId, iat, exp: iat + tokenSeconds, jti: crypto.randomUUID() }
    return `Bearer ${await sign(claims)}`
  }
}
