import type { ChannelProvider, SendRequest } from 'omnicascade'
import { discord } from 'omnicascade/providers/discord'
import { expo } from 'omnicascade/providers/expo'
import { kannel } from 'omnicascade/providers/kannel'
import { mailgun } from 'omnicascade/providers/mailgun'
import { messagebird } from 'omnicascade/providers/messagebird'
import { ok } from 'omnicascade/providers/ok'
import { postmark } from 'omnicascade/providers/postmark'
import { resend } from 'omnicascade/providers/resend'
import { sendgrid } from 'omnicascade/providers/sendgrid'
import { ses } from 'omnicascade/providers/ses'
import { twilio } from 'omnicascade/providers/twilio'
import { vk } from 'omnicascade/providers/vk'
import { whatsappCloud } from 'omnicascade/providers/whatsapp-cloud'
import { expect, test } from 'vitest'

const key = 'c2VjcmV0LW9mLW5vYm9keS1hdC1hbGw='
const from = 'Shop <shop@example.org>'
const phone = '+420777123456'
const text = 'Hello'
const call = { recipient: {}, idempotencyKey: 'n1.0.0', notificationId: 'n1', within: 60_000 } as const
const sms = { channel: 'sms', to: phone, content: { text }, ...call } as const
const email = { channel: 'email', to: 'ada@example.org', content: { subject: 'Hello', text }, ...call } as const
const chat = { channel: 'chat', to: null, content: { text }, ...call } as const

/** A `fetch` that refuses with what a vendor says when it has no words for it. */
const refusal =
  (status: number, body: unknown): typeof globalThis.fetch =>
  async () =>
    typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status })

test.each<[string, ChannelProvider, unknown]>([
  ['discord', discord({ webhookUrl: 'https://discord.com/api/webhooks/1/x', fetch: refusal(400, { code: 50035 }) }), chat],
  [
    'expo',
    expo({ fetch: refusal(200, { data: [{ status: 'error', details: { error: 'MessageTooBig' } }] }) }),
    { channel: 'push', to: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]', content: { title: 'Hi', body: text }, ...call },
  ],
  [
    'kannel',
    kannel({ url: 'http://kannel.example.org/cgi-bin/sendsms', username: 'x', password: key, fetch: refusal(400, '') }),
    sms,
  ],
  ['mailgun', mailgun({ apiKey: key, domain: 'mg.example.org', from, fetch: refusal(400, { message: ' ' }) }), email],
  ['messagebird', messagebird({ accessKey: key, sender: 'Shop', fetch: refusal(422, { errors: [{ code: 9 }] }) }), sms],
  [
    'ok',
    ok({ accessToken: 'x', fetch: refusal(200, { error_code: 455 }) }),
    { channel: 'ok', to: 'chat:C1', content: { text }, ...call },
  ],
  ['postmark', postmark({ serverToken: 'x', from, fetch: refusal(422, { ErrorCode: 300 }) }), email],
  ['resend', resend({ apiKey: 're_x', from, fetch: refusal(422, { name: 'validation_error' }) }), email],
  ['sendgrid', sendgrid({ apiKey: 'SG.x', from, fetch: refusal(400, { errors: [{ message: '' }] }) }), email],
  [
    'ses',
    ses({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIAX', secretAccessKey: key },
      from,
      fetch: refusal(400, { __type: 'MessageRejected' }),
    }),
    email,
  ],
  [
    'twilio',
    twilio({
      accountSid: 'AC01',
      authToken: key,
      senders: { sms: '+15005550006' },
      fetch: refusal(400, { code: 21211, message: ' ' }),
    }),
    sms,
  ],
  [
    'vk',
    vk({ accessToken: key, fetch: refusal(200, { error: { error_code: 901 } }) }),
    { channel: 'vk', to: '1', content: { text }, ...call },
  ],
  [
    'whatsappCloud',
    whatsappCloud({ accessToken: key, phoneNumberId: '1', fetch: refusal(400, { error: { code: 131026, message: '' } }) }),
    { channel: 'whatsapp', to: phone, content: { text }, ...call },
  ],
])('%s says that there was no reason where its vendor gives none', async (_, provider, request) => {
  const sent = provider.send(request as SendRequest, { signal: new AbortController().signal })
  await expect(sent).rejects.toMatchObject({ message: 'the message was refused without a reason' })
})
