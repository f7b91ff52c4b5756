// Every adapter, made with options that could be anybody's: none of them is called.
import { apns } from 'omnicascade/providers/apns'
import { consoleProvider } from 'omnicascade/providers/console'
import { discord } from 'omnicascade/providers/discord'
import { expo } from 'omnicascade/providers/expo'
import { fcm } from 'omnicascade/providers/fcm'
import { infobip, infobipWebhook } from 'omnicascade/providers/infobip'
import { kannel, kannelWebhook } from 'omnicascade/providers/kannel'
import { mailgun, mailgunWebhook } from 'omnicascade/providers/mailgun'
import { messagebird, messagebirdWebhook } from 'omnicascade/providers/messagebird'
import { ok, okWebhook } from 'omnicascade/providers/ok'
import { postmark, postmarkWebhook } from 'omnicascade/providers/postmark'
import { resend, resendWebhook } from 'omnicascade/providers/resend'
import { sendgrid, sendgridWebhook } from 'omnicascade/providers/sendgrid'
import { sendios } from 'omnicascade/providers/sendios'
import { ses, sesWebhook } from 'omnicascade/providers/ses'
import { slack, slackBot } from 'omnicascade/providers/slack'
import { smpp } from 'omnicascade/providers/smpp'
import { smsc, smscWebhook } from 'omnicascade/providers/smsc'
import { smtp } from 'omnicascade/providers/smtp'
import { teams } from 'omnicascade/providers/teams'
import { telegram, telegramWebhook } from 'omnicascade/providers/telegram'
import { telegramGateway, telegramGatewayWebhook } from 'omnicascade/providers/telegram-gateway'
import { turbosms, turbosmsWebhook } from 'omnicascade/providers/turbosms'
import { twilio, twilioWebhook } from 'omnicascade/providers/twilio'
import { twin, twinWebhook } from 'omnicascade/providers/twin'
import { viber, viberWebhook } from 'omnicascade/providers/viber'
import { vk, vkWebhook } from 'omnicascade/providers/vk'
import { vkNotify } from 'omnicascade/providers/vk-notify'
import { vonage, vonageWebhook } from 'omnicascade/providers/vonage'
import { webPush } from 'omnicascade/providers/web-push'
import { whatsappCloud, whatsappCloudWebhook } from 'omnicascade/providers/whatsapp-cloud'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import type { Adapter } from './table.ts'

const url = 'https://hooks.example.org/x'
const from = 'Shop <shop@example.org>'
const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'
const secret = 'c2VjcmV0LW9mLW5vYm9keS1hdC1hbGw='

/** By channel, in the order of the channels. */
export const adapters: readonly Adapter[] = [
  {
    page: 'twilio',
    provider: twilio({
      accountSid: 'AC01',
      authToken: secret,
      senders: { sms: '+15005550006', whatsapp: '+15005550006' },
      callbackUrl: url,
    }),
    source: twilioWebhook({ authToken: secret }),
    unverified: 'some codes',
  },
  {
    page: 'vonage',
    provider: vonage({
      auth: { apiKey: 'x', apiSecret: secret },
      senders: { sms: 'Shop', viber: '16273', whatsapp: '+447700900001' },
    }),
    source: vonageWebhook({ signatureSecret: secret }),
    unverified: 'kinds of some codes',
  },
  {
    page: 'messagebird',
    provider: messagebird({ accessKey: secret, sender: 'Shop' }),
    source: messagebirdWebhook({ signingKey: secret }),
    unverified: 'kinds of 20 and 98; some codes of reports',
  },
  {
    page: 'infobip',
    provider: infobip({
      baseUrl: 'https://x.api.infobip.com',
      apiKey: secret,
      senders: { sms: 'Shop', whatsapp: '4479', viber: 'Shop' },
    }),
    source: infobipWebhook({ token: secret }),
    unverified: 'its HMAC; how long it knows ids',
  },
  {
    page: 'turbosms',
    provider: turbosms({ token: secret, senders: { sms: 'Shop', viber: 'Shop' } }),
    source: turbosmsWebhook({ secret }),
    unverified: 'order within its signature; fields of callbacks',
  },
  {
    page: 'smsc',
    provider: smsc({ auth: { apiKey: secret }, senders: { sms: 'Shop', viber: 'Shop' } }),
    source: smscWebhook({ secret }),
    unverified: 'formula of its signature',
  },
  {
    page: 'smpp',
    provider: smpp({ url: 'smpp://smsc.example.org', systemId: 'shop', password: 'secret', sender: 'Shop' }),
    source: { signature: '(its own connection)' },
  },
  {
    page: 'kannel',
    provider: kannel({
      url: 'http://kannel.example.org:13013/cgi-bin/sendsms',
      username: 'shop',
      password: secret,
      dlrUrl: `${url}?token=x`,
    }),
    source: kannelWebhook({ secret }),
  },
  { page: 'smtp', provider: smtp({ url: 'smtp://mail.example.org', from }) },
  { page: 'sendgrid', provider: sendgrid({ apiKey: 'SG.x', from }), source: sendgridWebhook({ publicKey: secret.repeat(4) }) },
  {
    page: 'mailgun',
    provider: mailgun({ apiKey: secret, domain: 'mg.example.org', from }),
    source: mailgunWebhook({ signingKey: secret }),
    unverified: 'some names of form fields',
  },
  {
    page: 'postmark',
    provider: postmark({ serverToken: 'x', from }),
    source: postmarkWebhook({ credentials: { username: 'hook', password: secret } }),
  },
  {
    page: 'resend',
    provider: resend({ apiKey: 're_x', from }),
    source: resendWebhook({ signingSecret: `whsec_${secret}` }),
    unverified: 'how long it knows keys',
  },
  {
    page: 'ses',
    provider: ses({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIAX', secretAccessKey: secret },
      from,
      configurationSet: 'x',
    }),
    source: sesWebhook({ topicArn: 'arn:aws:sns:eu-central-1:123456789012:x' }),
  },
  {
    page: 'sendios',
    provider: sendios({
      auth: { clientId: 1, apiKey: secret },
      projectId: 1,
      typeId: 1,
      email: { api: 'trigger' },
      sms: { body: () => ({}), templateId: 1 },
    }),
    source: sendiosWebhook(),
    unverified: 'body and answer of SMS',
  },
  {
    page: 'fcm',
    provider: fcm({
      serviceAccount: { project_id: 'shop', client_email: 'push@shop.iam.gserviceaccount.com', private_key: pem },
    }),
  },
  { page: 'apns', provider: apns({ key: pem, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'org.example.shop' }) },
  {
    page: 'web-push',
    title: 'webPush',
    provider: webPush({ vapid: { publicKey: 'x'.repeat(87), privateKey: 'x'.repeat(43), subject: 'mailto:push@example.org' } }),
  },
  { page: 'expo', provider: expo() },
  {
    page: 'whatsapp-cloud',
    title: 'whatsappCloud',
    provider: whatsappCloud({ accessToken: secret, phoneNumberId: '1' }),
    source: whatsappCloudWebhook({ appSecret: secret, verifyToken: secret }),
    unverified: 'named parameters',
  },
  {
    page: 'viber',
    provider: viber({ authToken: secret, sender: { name: 'Shop' } }),
    source: viberWebhook({ authToken: secret }),
  },
  { page: 'telegram', provider: telegram({ token: '1:x' }), source: telegramWebhook({ secretToken: 'x' }) },
  {
    page: 'telegram-gateway',
    title: 'telegramGateway',
    provider: telegramGateway({ accessToken: secret, callbackUrl: url }),
    source: telegramGatewayWebhook({ accessToken: secret }),
    unverified: 'names of errors',
  },
  {
    page: 'vk',
    provider: vk({ accessToken: secret }),
    source: vkWebhook({ secret, confirmation: 'x' }),
    unverified: 'its limit of text',
  },
  {
    page: 'vk-notify',
    title: 'vkNotify',
    provider: vkNotify({ apiKey: secret }),
    unverified: 'all but the fields of the request',
  },
  { page: 'ok', provider: ok({ accessToken: 'x' }), source: okWebhook(), unverified: 'answer and codes' },
  { page: 'slack', provider: slack({ webhookUrl: url }) },
  { page: 'slack', title: 'slackBot', provider: slackBot({ token: 'xoxb-x' }) },
  { page: 'discord', provider: discord({ webhookUrl: url }) },
  { page: 'teams', provider: teams({ webhookUrl: url }), unverified: 'answers and codes' },
  {
    page: 'twin',
    provider: twin({ email: 'a@example.org', password: secret, callbackUrl: url, callbackSecret: secret }),
    source: twinWebhook(),
    unverified: 'all channels but sms and chat',
  },
  { page: 'console', title: 'consoleProvider', provider: consoleProvider() },
]
