import type { ChannelProvider } from 'omnicascade'
import { apns } from 'omnicascade/providers/apns'
import { discord } from 'omnicascade/providers/discord'
import { fcm } from 'omnicascade/providers/fcm'
import { kannel } from 'omnicascade/providers/kannel'
import { mailgun } from 'omnicascade/providers/mailgun'
import { messagebird } from 'omnicascade/providers/messagebird'
import { ok } from 'omnicascade/providers/ok'
import { postmark } from 'omnicascade/providers/postmark'
import { resend } from 'omnicascade/providers/resend'
import { sendgrid } from 'omnicascade/providers/sendgrid'
import { sendios } from 'omnicascade/providers/sendios'
import { ses } from 'omnicascade/providers/ses'
import { slackBot } from 'omnicascade/providers/slack'
import { smtp } from 'omnicascade/providers/smtp'
import { teams } from 'omnicascade/providers/teams'
import { telegramGateway } from 'omnicascade/providers/telegram-gateway'
import { twilio } from 'omnicascade/providers/twilio'
import { twin } from 'omnicascade/providers/twin'
import { viber } from 'omnicascade/providers/viber'
import { vonage } from 'omnicascade/providers/vonage'
import { webPush } from 'omnicascade/providers/web-push'
import { expect, test } from 'vitest'

const limits = { concurrency: 2, rate: { count: 1, per: '1s' } } as const
const shared = { name: 'second', limits } as const
const from = 'Shop <shop@example.org>'
const key = 'c2VjcmV0LW9mLW5vYm9keS1hdC1hbGw='
const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'
const webhookUrl = 'https://hooks.example.org/x'

// Those that have no limits of their own: the account's are for the app to name.
test.each<[string, ChannelProvider]>([
  ['apns', apns({ key: pem, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'org.example.shop', ...shared })],
  ['discord', discord({ webhookUrl, ...shared })],
  ['fcm', fcm({ serviceAccount: { project_id: 'shop', client_email: 'push@example.org', private_key: pem }, ...shared })],
  ['kannel', kannel({ url: 'http://kannel.example.org:13013/cgi-bin/sendsms', username: 'shop', password: key, ...shared })],
  ['mailgun', mailgun({ apiKey: key, domain: 'mg.example.org', from, ...shared })],
  ['messagebird', messagebird({ accessKey: key, sender: 'Shop', ...shared })],
  ['ok', ok({ accessToken: 'x', ...shared })],
  ['postmark', postmark({ serverToken: 'x', from, ...shared })],
  ['resend', resend({ apiKey: 're_x', from, ...shared })],
  ['sendgrid', sendgrid({ apiKey: 'SG.x', from, ...shared })],
  ['sendios', sendios({ auth: { clientId: 1, apiKey: key }, projectId: 1, typeId: 1, email: { api: 'trigger' }, ...shared })],
  ['ses', ses({ region: 'eu-central-1', credentials: { accessKeyId: 'AKIAX', secretAccessKey: key }, from, ...shared })],
  ['slackBot', slackBot({ token: 'xoxb-x', ...shared })],
  ['smtp', smtp({ url: 'smtp://mail.example.org', from, ...shared })],
  ['teams', teams({ webhookUrl, ...shared })],
  ['telegramGateway', telegramGateway({ accessToken: key, ...shared })],
  ['twilio', twilio({ accountSid: 'AC01', authToken: key, senders: { sms: '+15005550006' }, ...shared })],
  ['twin', twin({ email: 'a@example.org', password: key, ...shared })],
  ['viber', viber({ authToken: key, sender: { name: 'Shop' }, ...shared })],
  ['vonage', vonage({ auth: { apiKey: 'x', apiSecret: key }, senders: { sms: 'Shop' }, ...shared })],
  [
    'webPush',
    webPush({
      vapid: { publicKey: 'x'.repeat(87), privateKey: 'x'.repeat(43), subject: 'mailto:push@example.org' },
      ...shared,
    }),
  ],
])('%s keeps to the limits of its options, under the name of its options', (_, provider) => {
  expect(provider).toMatchObject(shared)
})
