import { createECDH, generateKeyPairSync } from 'node:crypto'
import { discord } from 'omnicascade/providers/discord'
import { expo } from 'omnicascade/providers/expo'
import { fcm } from 'omnicascade/providers/fcm'
import { infobip } from 'omnicascade/providers/infobip'
import { kannel } from 'omnicascade/providers/kannel'
import { mailgun } from 'omnicascade/providers/mailgun'
import { messagebird } from 'omnicascade/providers/messagebird'
import { ok } from 'omnicascade/providers/ok'
import { postmark } from 'omnicascade/providers/postmark'
import { resend } from 'omnicascade/providers/resend'
import { sendgrid } from 'omnicascade/providers/sendgrid'
import { sendios } from 'omnicascade/providers/sendios'
import { ses } from 'omnicascade/providers/ses'
import { slack, slackBot } from 'omnicascade/providers/slack'
import { smsc } from 'omnicascade/providers/smsc'
import { teams } from 'omnicascade/providers/teams'
import { telegram } from 'omnicascade/providers/telegram'
import { telegramGateway } from 'omnicascade/providers/telegram-gateway'
import { turbosms } from 'omnicascade/providers/turbosms'
import { twilio } from 'omnicascade/providers/twilio'
import { twin } from 'omnicascade/providers/twin'
import { viber } from 'omnicascade/providers/viber'
import { vk } from 'omnicascade/providers/vk'
import { vkNotify } from 'omnicascade/providers/vk-notify'
import { vonage } from 'omnicascade/providers/vonage'
import { webPush } from 'omnicascade/providers/web-push'
import { whatsappCloud } from 'omnicascade/providers/whatsapp-cloud'
import type { Target } from '../target.ts'
import { type AnswerTarget, answerTarget } from './answer.ts'

const secret = 's3cret-0f-the-account'
const from = 'Shop <shop@example.org>'
const hookPath = '/services/T00000000/B00000000/s3cretpathofthehook'
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const vapidKeys = createECDH('prime256v1')
vapidKeys.generateKeys()
const vapid = {
  publicKey: vapidKeys.getPublicKey('base64url'),
  privateKey: vapidKeys.getPrivateKey().toString('base64url').padStart(43, 'A'),
  subject: 'mailto:push@example.org',
}
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = `${part({ alg: 'RS256' })}.${part({ exp: 32_503_680_000 })}.c2lnbmF0dXJl`

const providers: Readonly<Record<string, Omit<AnswerTarget, 'secrets'> & { readonly secrets?: readonly string[] }>> = {
  discord: { create: ({ baseUrl, fetch }) => discord({ webhookUrl: baseUrl + hookPath, fetch }), secrets: [hookPath] },
  expo: {
    create: (wire) => expo({ accessToken: secret, ...wire }),
    polls: {
      ids: ['a', 'b', 'c'],
      answers: [
        { data: { a: { status: 'ok' }, b: { status: 'error', message: 'x', details: { error: 'DeviceNotRegistered' } } } },
      ],
    },
  },
  fcm: {
    create: ({ baseUrl, fetch }) =>
      fcm({
        serviceAccount: {
          project_id: 'shop-1',
          client_email: 'push@shop-1.example.com',
          private_key: pem,
          token_uri: `${baseUrl}/token`,
        },
        baseUrl,
        fetch,
      }),
    before: ({ pathname }) => (pathname === '/token' ? { access_token: secret, expires_in: 3600 } : undefined),
    secrets: [pem, pem.split('\n')[1]!],
  },
  infobip: {
    create: (wire) => infobip({ apiKey: secret, senders: { sms: 'Shop', viber: 'Shop', whatsapp: '+441134960000' }, ...wire }),
  },
  kannel: {
    create: ({ baseUrl, fetch }) =>
      kannel({
        username: 'shop-login',
        password: secret,
        dlrUrl: `https://app.example.org/hooks/kannel?token=t0ken-of-the-url`,
        url: `${baseUrl}/cgi-bin/sendsms`,
        fetch,
      }),
    secrets: ['shop-login', 't0ken-of-the-url'],
  },
  mailgun: {
    create: (wire) => mailgun({ apiKey: secret, domain: 'mg.example.org', from, ...wire }),
    secrets: [btoa(`api:${secret}`)],
  },
  messagebird: {
    create: (wire) =>
      messagebird({ accessKey: secret, sender: 'Shop', reportUrl: 'https://app.example.org/hooks/messagebird', ...wire }),
  },
  ok: { create: (wire) => ok({ accessToken: secret, ...wire }) },
  postmark: { create: (wire) => postmark({ serverToken: secret, from, ...wire }) },
  resend: { create: (wire) => resend({ apiKey: 're_s3cret0fTheAccount', from, ...wire }), secrets: ['re_s3cret0fTheAccount'] },
  sendgrid: { create: (wire) => sendgrid({ apiKey: 'SG.s3cret.key', from, ...wire }), secrets: ['SG.s3cret.key'] },
  'sendios-email': {
    create: (wire) =>
      sendios({ auth: { clientId: 123, apiKey: secret }, projectId: 9, typeId: 5, email: { api: 'system' }, ...wire }),
    secrets: [btoa(`123:${secret}`)],
  },
  'sendios-sms': {
    create: (wire) =>
      sendios({
        auth: { clientId: 123, sdkKey: secret },
        projectId: 9,
        sms: { body: ({ to, content }) => ({ phone: String(to), text: content.text }), templateId: 77 },
        ...wire,
      }),
  },
  ses: {
    create: (wire) =>
      ses({
        region: 'eu-central-1',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret },
        from,
        configurationSet: 'news',
        ...wire,
      }),
    secrets: ['AKIDEXAMPLE'],
  },
  slack: { create: ({ baseUrl, ...wire }) => slack({ webhookUrl: baseUrl + hookPath, ...wire }), secrets: [hookPath] },
  'slack-bot': { create: (wire) => slackBot({ token: `xoxb-${secret}`, ...wire }) },
  smsc: {
    create: (wire) => smsc({ auth: { login: 'shop-login', password: secret }, senders: { sms: 'Shop', viber: 'Shop' }, ...wire }),
    secrets: ['shop-login'],
    polls: {
      ids: ['1:79990000001', '2:79990000002'],
      answers: [
        [
          { status: 1, last_date: '17.03.2023 16:47:56', last_timestamp: 1_679_060_876, err: 0 },
          { status: 20, last_timestamp: 1_679_060_876, err: '6', id: 2, phone: '79990000002' },
        ],
        { error: 'authorise error', error_code: 2 },
      ],
    },
  },
  teams: { create: ({ baseUrl, fetch }) => teams({ webhookUrl: baseUrl + hookPath, fetch }), secrets: [hookPath] },
  telegram: {
    create: (wire) => telegram({ token: '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw', ...wire }),
    secrets: ['AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'],
  },
  'telegram-gateway': {
    create: (wire) => telegramGateway({ accessToken: secret, ...wire }),
    polls: {
      ids: ['121'],
      answers: [
        {
          ok: true,
          result: {
            request_id: '121',
            phone_number: '+391234567890',
            delivery_status: { status: 'read', updated_at: 1_740_578_405 },
          },
        },
      ],
    },
  },
  turbosms: {
    create: (wire) => turbosms({ token: secret, senders: { sms: 'Shop', viber: 'Shop' }, ...wire }),
    polls: {
      ids: ['1cb60453-659a-0a5f-8de2-5a0a8b7a0a43'],
      answers: [
        {
          response_code: 0,
          response_status: 'OK',
          response_result: [
            {
              message_id: 'read',
              response_code: 0,
              updated: '2026-01-29 10:21:32',
              status: 'Read',
              click_time: '2026-01-29 10:22:54',
            },
            {
              message_id: 'failed',
              updated: '2026-07-29 18:27:34',
              status: 'Rejected',
              rejected_status: 'Stop list',
              click_time: null,
            },
          ],
        },
      ],
    },
  },
  twilio: {
    create: (wire) =>
      twilio({
        accountSid: 'AC00000000000000000000000000000001',
        authToken: secret,
        senders: { sms: 'MG00000000000000000000000000000001', whatsapp: '+14155238886' },
        callbackUrl: 'https://app.example.org/hooks/twilio',
        ...wire,
      }),
  },
  twin: {
    create: ({ baseUrl, fetch }) =>
      twin({
        email: 'ada@example.org',
        password: secret,
        callbackUrl: 'https://hooks.example.org/twin',
        callbackSecret: 't0ken-of-the-url',
        baseUrl,
        fetch,
      }),
    before: ({ pathname }) => (pathname === '/api/v1/auth/login' ? { token: jwt, refreshToken: 'refresh-s3cret' } : undefined),
    secrets: [jwt, 'refresh-s3cret', 't0ken-of-the-url', 'ada@example.org'],
  },
  viber: { create: (wire) => viber({ authToken: secret, sender: { name: 'Shop' }, ...wire }) },
  vk: { create: (wire) => vk({ accessToken: secret, ...wire }) },
  'vk-notify': { create: (wire) => vkNotify({ apiKey: secret, ...wire }) },
  vonage: {
    create: (wire) =>
      vonage({
        auth: { apiKey: 'abcd1234', apiSecret: secret },
        senders: { sms: 'Shop', viber: '16273', whatsapp: '+447700900001' },
        ...wire,
      }),
    secrets: [btoa(`abcd1234:${secret}`)],
  },
  'web-push': { create: (wire) => webPush({ vapid, ...wire }), secrets: [vapid.privateKey] },
  'whatsapp-cloud': { create: (wire) => whatsappCloud({ accessToken: secret, phoneNumberId: '106540352242922', ...wire }) },
}

/** Every provider that calls through `fetch`; APNs, which speaks HTTP/2, is with the readers. */
export const answerTargets: readonly Target[] = Object.entries(providers).map(([name, provider]) =>
  answerTarget(name, { ...provider, secrets: [secret, ...(provider.secrets ?? [])] }),
)
