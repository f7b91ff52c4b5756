import { infobipWebhook } from 'omnicascade/providers/infobip'
import { kannelWebhook } from 'omnicascade/providers/kannel'
import { mailgunWebhook } from 'omnicascade/providers/mailgun'
import { messagebirdWebhook } from 'omnicascade/providers/messagebird'
import { okWebhook } from 'omnicascade/providers/ok'
import { postmarkWebhook } from 'omnicascade/providers/postmark'
import { resendWebhook } from 'omnicascade/providers/resend'
import { sendgridWebhook } from 'omnicascade/providers/sendgrid'
import { sesWebhook } from 'omnicascade/providers/ses'
import { smscWebhook } from 'omnicascade/providers/smsc'
import { telegramWebhook } from 'omnicascade/providers/telegram'
import { telegramGatewayWebhook } from 'omnicascade/providers/telegram-gateway'
import { turbosmsWebhook } from 'omnicascade/providers/turbosms'
import { twilioWebhook } from 'omnicascade/providers/twilio'
import { twinWebhook } from 'omnicascade/providers/twin'
import { viberWebhook } from 'omnicascade/providers/viber'
import { vkWebhook } from 'omnicascade/providers/vk'
import { vonageWebhook } from 'omnicascade/providers/vonage'
import { whatsappCloudWebhook } from 'omnicascade/providers/whatsapp-cloud'
import {
  sendgridKeys,
  signInfobipWebhook,
  signKannelWebhook,
  signMailgunWebhook,
  signMessageBirdWebhook,
  signPostmarkWebhook,
  signResendWebhook,
  signSendGridWebhook,
  signSesWebhook,
  signSmscWebhook,
  signTelegramGatewayWebhook,
  signTurboSmsWebhook,
  signTwilioWebhook,
  signViberWebhook,
  signVkWebhook,
  signVonageWebhook,
  signWhatsAppCloudWebhook,
  snsKeys,
} from 'omnicascade/testing'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { fileOf, webhooksOf } from '../fixtures.ts'
import { ensure, type Target } from '../target.ts'
import { noon, type WebhookTarget, webhookTarget } from './webhook.ts'

const clock = { now: () => noon, setTimer: () => () => {} }
const secret = 's1gning-s3cret'
const token = 't0ken-of-the-url'
const password = 'p4ss-s3cret'
const basicSecrets = [password, btoa(`hook:${password}`)]
const resendSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const sendgrid = await sendgridKeys()
const sns = await snsKeys()

// Certificates and confirmations come from Amazon SNS, and a message must not lead anywhere else.
let strange: string | undefined
const snsFetch: typeof globalThis.fetch = async (input) => {
  const url = new URL(input instanceof Request ? input.url : input)
  if (url.protocol !== 'https:' || !/^sns\.[a-z\d-]+\.amazonaws\.com(\.cn)?$/.test(url.host)) strange = url.href
  return new Response(sns.certificate)
}

type Vendor = Partial<WebhookTarget> & Pick<WebhookTarget, 'source'>

const vendors: Readonly<Record<string, Vendor>> = {
  infobip: {
    source: infobipWebhook({ credentials: { username: 'hook', password } }),
    sign: () => signInfobipWebhook({ username: 'hook', password }),
    secrets: basicSecrets,
  },
  kannel: {
    source: kannelWebhook({ secret: token }),
    form: 'form',
    comesWith: 'GET',
    sign: () => signKannelWebhook({ secret: token }),
    secrets: [token],
  },
  mailgun: {
    source: mailgunWebhook({ signingKey: secret }),
    sign: ({ body, at }) => signMailgunWebhook({ signingKey: secret, body, at }),
    secrets: [secret],
  },
  messagebird: {
    source: messagebirdWebhook({ signingKey: secret }),
    form: 'form',
    comesWith: 'GET',
    sign: ({ url, body, at }) => signMessageBirdWebhook({ signingKey: secret, url, body, at }),
    secrets: [secret],
    coversBody: true,
  },
  'messagebird (POST)': {
    source: messagebirdWebhook({ signingKey: secret }),
    corpus: webhooksOf('messagebird'),
    form: 'form',
    sign: ({ url, body, at }) => signMessageBirdWebhook({ signingKey: secret, url, body, at }),
    secrets: [secret],
    coversBody: true,
  },
  ok: { source: okWebhook() },
  postmark: {
    source: postmarkWebhook({ credentials: { username: 'hook', password } }),
    sign: () => signPostmarkWebhook({ username: 'hook', password }),
    secrets: basicSecrets,
  },
  resend: {
    source: resendWebhook({ signingSecret: resendSecret }),
    sign: ({ body, at }) => signResendWebhook({ signingSecret: resendSecret, body, at }),
    secrets: [resendSecret.slice(6)],
    coversBody: true,
  },
  sendgrid: {
    source: sendgridWebhook({ publicKey: sendgrid.publicKey }),
    sign: ({ body, at }) => signSendGridWebhook({ privateKey: sendgrid.privateKey, body, at }),
    coversBody: true,
  },
  sendios: {
    source: sendiosWebhook(),
    corpus: [
      fileOf('webhooks/fixtures/created.json'),
      fileOf('webhooks/fixtures/reject.captured.json'),
      ...['sms_click', 'sms_lost', 'sms_sent'].flatMap((name) => {
        const malformed = fileOf(`webhooks/fixtures/${name}.malformed.txt`)
        return [malformed, malformed.replace(/\}\s*$/, '').replace(/: "sms$/m, ': "sms"')]
      }),
    ],
  },
  ses: {
    source: sesWebhook({ topicArn: 'arn:aws:sns:eu-central-1:123456789012:ses-events', fetch: snsFetch }),
    sign: ({ body, at }) => signSesWebhook({ privateKey: sns.privateKey, body, at }),
    after: () => ensure(strange === undefined, `a message made the source call ${strange}`),
  },
  smsc: {
    source: smscWebhook({ secret }),
    form: 'form',
    sign: ({ body }) => signSmscWebhook({ secret, body }),
    secrets: [secret],
  },
  telegram: {
    source: telegramWebhook({ secretToken: token }),
    sign: () => ({ headers: { 'X-Telegram-Bot-Api-Secret-Token': token } }),
    secrets: [token],
  },
  'telegram-gateway': {
    source: telegramGatewayWebhook({ accessToken: token }),
    sign: ({ body, at }) => signTelegramGatewayWebhook({ accessToken: token, body, at }),
    secrets: [token],
    coversBody: true,
  },
  turbosms: {
    source: turbosmsWebhook({ secret }),
    sign: ({ body }) => signTurboSmsWebhook({ secret, body }),
    secrets: [secret],
  },
  twilio: {
    source: twilioWebhook({ authToken: token, clock }),
    form: 'form',
    sign: ({ url, body }) => signTwilioWebhook({ authToken: token, url, body }),
    secrets: [token],
  },
  twin: {
    source: twinWebhook({ now: () => noon }),
    corpus: [fileOf('providers/twin/fixtures/captured.json')],
  },
  viber: {
    source: viberWebhook({ authToken: token }),
    sign: ({ body }) => signViberWebhook({ authToken: token, body }),
    secrets: [token],
    coversBody: true,
  },
  vk: {
    source: vkWebhook({ secret, confirmation: 'b7f2', groupId: 1, clock }),
    sign: ({ body }) => signVkWebhook({ secret, body }),
    secrets: [secret],
  },
  vonage: {
    source: vonageWebhook({ signatureSecret: secret }),
    sign: ({ body, at }) => signVonageWebhook({ signatureSecret: secret, body, at }),
    secrets: [secret],
    coversBody: true,
  },
  'whatsapp-cloud': {
    source: whatsappCloudWebhook({ appSecret: secret, verifyToken: token }),
    sign: ({ body }) => signWhatsAppCloudWebhook({ appSecret: secret, body }),
    secrets: [secret, token],
    coversBody: true,
  },
  'whatsapp-cloud (GET)': {
    source: whatsappCloudWebhook({ appSecret: secret, verifyToken: token }),
    corpus: [`hub.mode=subscribe&hub.verify_token=$token&hub.challenge=1158201444`],
    form: 'form',
    comesWith: 'GET',
    secrets: [secret, token],
  },
}

/** Every webhook source there is. */
export const webhookTargets: readonly Target[] = Object.entries(vendors).map(([name, vendor]) =>
  webhookTarget({ form: 'json', ...vendor, name: `webhook: ${name}`, corpus: vendor.corpus ?? webhooksOf(name) }),
)
