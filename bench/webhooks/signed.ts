// Webhooks of vendors who sign them, signed here as the vendor would: the first of a URL and a form, the others of a time and bytes.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import type { WebhookRequest, WebhookSource } from 'omnicascade'
import { resendWebhook } from 'omnicascade/providers/resend'
import { sendgridWebhook } from 'omnicascade/providers/sendgrid'
import { twilioWebhook } from 'omnicascade/providers/twilio'

/** What a source does with a request that its vendor has signed. */
export interface Signed {
  readonly name: string
  verify(): Promise<void> | undefined
  /** Gives the number of events. */
  parse(): number
}

function signedBy<E>(name: string, source: WebhookSource<E>, request: WebhookRequest): Signed {
  return { name, verify: () => source.verify?.(request, now), parse: () => source.parse(request).events.length }
}

const now = Date.now()
const seconds = String(Math.floor(now / 1000))

function requestOf(url: string, headers: Readonly<Record<string, string>>, body: string): WebhookRequest {
  return { method: 'POST', url: new URL(url), headers: new Map(Object.entries(headers)), body: Buffer.from(body) }
}

function twilio(): Signed {
  const authToken = '0123456789abcdef0123456789abcdef'
  const url = 'https://example.org/webhooks/twilio'
  const fields = {
    AccountSid: 'AC00000000000000000000000000000000',
    ApiVersion: '2010-04-01',
    From: '+15017122661',
    MessageSid: 'SM00000000000000000000000000000001',
    MessageStatus: 'delivered',
    SmsSid: 'SM00000000000000000000000000000001',
    SmsStatus: 'delivered',
    To: '+15558675310',
  }
  const signed = url + Object.entries(fields).flat().join('')
  const signature = createHmac('sha1', authToken).update(signed).digest('base64')
  const body = new URLSearchParams(fields).toString()
  return signedBy('Twilio, HMAC-SHA1', twilioWebhook({ authToken }), requestOf(url, { 'x-twilio-signature': signature }, body))
}

function sendgrid(): Signed {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = JSON.stringify([
    {
      event: 'delivered',
      email: 'ada@example.org',
      timestamp: Number(seconds),
      sg_message_id: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0',
      sg_event_id: 'ZGVsaXZlcmVkLTA',
      'smtp-id': '<14c5d75ce93.dfd.64b469@ismtpd-555>',
      response: '250 OK',
    },
  ])
  const headers = {
    'x-twilio-email-event-webhook-timestamp': seconds,
    'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.from(seconds + body), privateKey).toString('base64'),
  }
  const source = sendgridWebhook({ publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') })
  return signedBy('SendGrid, ECDSA P-256', source, requestOf('https://example.org/webhooks/sendgrid', headers, body))
}

function resend(): Signed {
  const secret = Buffer.from('0123456789abcdef01234567')
  const id = 'msg_2b5Qn'
  const body = JSON.stringify({
    type: 'email.delivered',
    created_at: new Date(now).toISOString(),
    data: { email_id: '56761188-7520-42d8-8898-ff6fc54ce618', from: 'shop@example.org', to: ['ada@example.org'], subject: 'Hi' },
  })
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')
  const headers = { 'svix-id': id, 'svix-timestamp': seconds, 'svix-signature': `v1,${signature}` }
  const source = resendWebhook({ signingSecret: `whsec_${secret.toString('base64')}` })
  return signedBy('Resend, HMAC-SHA256', source, requestOf('https://example.org/webhooks/resend', headers, body))
}

/** All of them. */
export const allSigned: readonly Signed[] = [twilio(), sendgrid(), resend()]
