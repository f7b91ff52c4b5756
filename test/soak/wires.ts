// What each vendor speaks: how a call is read and answered, and how reports are posted.
import { createHmac } from 'node:crypto'
import type { Report, VendorName } from './script.ts'

/** An answer to a call. */
export interface WireAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Whose call it is. `key`: the attempt's idempotency key, where the vendor is told. */
export interface Asked {
  readonly number: number
  readonly key: string | null
}

/** A report about a message, as it is posted. */
export interface Posted extends Asked, Pick<Report, 'status'> {
  readonly messageId: string
}

/** The body and headers of one post. */
export interface Post {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** What one vendor speaks. */
export interface Wire {
  read(body: string): Asked
  taken(asked: Asked, messageId: string): WireAnswer
  readonly busy: string
  readonly refused: Readonly<Record<'recipient' | 'content' | 'account', WireAnswer>>
  /** How many reports go into one post; none are posted by a vendor without. */
  readonly perPost?: number
  post?(reports: readonly Posted[], at: number): Post | Promise<Post>
}

/** What vendors sign with, and where they post to. */
export interface Secrets {
  readonly webhook: string
  /** SendGrid's signature: the headers that it sends with a body at a moment. */
  readonly sign: (body: string, at: number) => Promise<Readonly<Record<string, string>>>
}

/** Shared by vendors and providers: what proves who is who. */
export const shared = {
  gatewayToken: 'gateway-token',
  infobip: { username: 'infobip', password: 'infobip-password' },
  twilio: { accountSid: 'AC0000000000000000000000000000000', authToken: 'twilio-token' },
  slack: 'xoxb-soak',
  sendgrid: 'SG.soak.key',
}

const json = { 'content-type': 'application/json' }
const numberIn = (address: string) => Number(/^(?:\+?4207|n|C)0*(\d+)/.exec(address)?.[1])
const answer = (status: number, body: object): WireAnswer => ({ status, body: JSON.stringify(body) })

const gateway: Wire = {
  read(body) {
    const { to, key } = JSON.parse(body)
    return { number: numberIn(to), key }
  },
  taken: (_, id) => answer(200, { id }),
  busy: '{"error":"busy"}',
  refused: {
    recipient: answer(410, { error: 'recipient' }),
    content: answer(422, { error: 'content' }),
    account: answer(401, { error: 'account' }),
  },
  perPost: 10,
  post: (reports, at) => ({
    body: JSON.stringify(reports.map(({ key, status }) => ({ key, status, at }))),
    headers: { ...json, 'x-token': shared.gatewayToken },
  }),
}

const infobipWord = { sent: 'PENDING_ENROUTE', delivered: 'DELIVERED_TO_HANDSET', failed: 'UNDELIVERABLE_NOT_DELIVERED' }
const infobipGroup = { sent: 'PENDING', delivered: 'DELIVERED', failed: 'UNDELIVERABLE' }
const infobipError = (status: number, errorCode: string, violations: readonly object[] = []) =>
  answer(status, { errorCode, description: 'refused', violations })
const infobip: Wire = {
  read(body) {
    const { to, messageId } = JSON.parse(body).messages[0].destinations[0]
    return { number: numberIn(to), key: messageId }
  },
  taken: ({ key }) => answer(200, { messages: [{ messageId: key, status: { groupName: 'PENDING', name: 'PENDING_ACCEPTED' } }] }),
  busy: infobipError(429, 'E429').body,
  refused: {
    recipient: infobipError(400, 'E400', [{ property: 'messages[0].destinations[0].to', violation: 'unknown' }]),
    content: infobipError(400, 'E400', [{ property: 'messages[0].content.text', violation: 'too long' }]),
    account: infobipError(401, 'E401'),
  },
  perPost: 10,
  post: (reports, at) => ({
    body: JSON.stringify({
      results: reports.map(({ key, status }) => ({
        messageId: key,
        status: { groupName: infobipGroup[status], name: infobipWord[status] },
        error: { name: 'NO_ERROR' },
        callbackData: 'sms',
        sentAt: new Date(at).toISOString(),
        doneAt: new Date(at).toISOString(),
      })),
    }),
    headers: { ...json, authorization: `Basic ${btoa(`${shared.infobip.username}:${shared.infobip.password}`)}` },
  }),
}

const twilio = ({ webhook }: Secrets): Wire => ({
  read: (body) => ({ number: numberIn(new URLSearchParams(body).get('To') ?? ''), key: null }),
  taken: (_, sid) => answer(201, { sid, status: 'queued' }),
  busy: '{"code":20429,"message":"Too Many Requests","status":429}',
  refused: {
    recipient: answer(400, { code: 21211, message: 'invalid To' }),
    content: answer(400, { code: 21617, message: 'too long' }),
    account: answer(401, { code: 20003, message: 'Authenticate' }),
  },
  perPost: 1,
  post([report]) {
    const form = {
      MessageSid: report?.messageId ?? '',
      MessageStatus: report?.status ?? '',
      To: '+420700000000',
    }
    const signed = Object.keys(form)
      .sort()
      .reduce((text, name) => text + name + form[name as keyof typeof form], webhook)
    return {
      body: new URLSearchParams(form).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': createHmac('sha1', shared.twilio.authToken).update(signed).digest('base64'),
      },
    }
  },
})

const sendgridWord = { sent: 'processed', delivered: 'delivered', failed: 'bounce' }
const sendgridError = (status: number, message: string) => answer(status, { errors: [{ message }] })
const sendgrid = ({ sign }: Secrets): Wire => ({
  read(body) {
    const { personalizations, custom_args } = JSON.parse(body)
    return { number: numberIn(personalizations[0].to[0].email), key: custom_args.omnicascade }
  },
  taken: (_, id) => ({ status: 202, body: '', headers: { 'x-message-id': id } }),
  busy: sendgridError(429, 'too many requests').body,
  refused: {
    recipient: sendgridError(400, 'the address does not exist'),
    content: sendgridError(413, 'too large'),
    account: sendgridError(401, 'the key is revoked'),
  },
  perPost: 10,
  async post(reports, at) {
    const body = JSON.stringify(
      reports.map(({ number, key, status, messageId }) => ({
        event: sendgridWord[status],
        email: `n${number}@example.org`,
        timestamp: Math.floor(at / 1000),
        sg_message_id: `${messageId}.soak`,
        omnicascade: key,
      })),
    )
    return { body, headers: { ...json, ...(await sign(body, at)) } }
  },
})

const slack: Wire = {
  read: (body) => ({ number: numberIn(JSON.parse(body).channel), key: null }),
  taken: ({ number }, ts) => answer(200, { ok: true, channel: `C${number}`, ts }),
  busy: '{"ok":false,"error":"ratelimited"}',
  refused: {
    recipient: answer(200, { ok: false, error: 'channel_not_found' }),
    content: answer(200, { ok: false, error: 'msg_too_long' }),
    account: answer(200, { ok: false, error: 'invalid_auth' }),
  },
}

/** What a vendor speaks. */
export function wireOf(vendor: VendorName, secrets: Secrets): Wire {
  switch (vendor) {
    case 'gateway':
      return gateway
    case 'infobip':
      return infobip
    case 'twilio':
      return twilio(secrets)
    case 'sendgrid':
      return sendgrid(secrets)
    case 'slack':
      return slack
  }
}
