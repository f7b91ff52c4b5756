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
import type { UnsignedWebhook, WebhookSignature } from 'omnicascade/testing'
import * as signers from 'omnicascade/testing'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import type { WebhookSource } from '../../../src/contract/webhook.ts'

/** A source of webhooks with a planted secret. */
export interface SourceSubject {
  /** The page of its provider. */
  readonly name: string
  readonly create: () => WebhookSource
  /** A webhook as the vendor writes it, spaces and order of keys included. Empty for one that comes with GET. */
  readonly body: string
  readonly query?: string
  readonly contentType?: string
  readonly sign?: (webhook: UnsignedWebhook) => WebhookSignature | Promise<WebhookSignature>
  /** What it answers to a webhook without a proof, where that is not 401: Vonage sends again, signed. */
  readonly unproven?: number
  /** What the proof is about: every byte of the body; the values of fields; less than what the event says; nothing, as a secret that is sent along. */
  readonly covers: 'bytes' | 'fields' | 'a part' | 'nothing'
}

/** Noon of the day on which the tests happen. */
export const noon = Date.UTC(2026, 10, 25, 12)
export const planted = 'c2VjcmV0LXRoYXQtd2FzLXBsYW50ZWQ='

const sendgridKeys = await signers.sendgridKeys()
const snsKeys = await signers.snsKeys()
const topicArn = 'arn:aws:sns:eu-central-1:123456789012:mail'
const certificate = async () => new Response(snsKeys.certificate)
const sesMessage = JSON.stringify({
  eventType: 'Delivery',
  mail: { messageId: 'm1', timestamp: '2026-11-25T12:00:00Z' },
  delivery: {},
})

/** Each source has events of its own, which no attack looks into. */
function made<E>(create: () => WebhookSource<E>): () => WebhookSource {
  return create as unknown as () => WebhookSource
}

/** Every source of the library. `coverage.test.ts` holds it against the catalogue. */
export const sources: readonly SourceSubject[] = [
  {
    name: 'twilio',
    create: made(() => twilioWebhook({ authToken: planted })),
    contentType: 'application/x-www-form-urlencoded',
    body: 'MessageSid=SM1&MessageStatus=delivered&To=%2B420777123456',
    sign: (webhook) => signers.signTwilioWebhook({ authToken: planted, ...webhook }),
    covers: 'fields',
  },
  {
    name: 'vonage',
    create: made(() => vonageWebhook({ signatureSecret: planted })),
    unproven: 500,
    body: '{"message_uuid": "m1", "status": "delivered", "timestamp": "2026-11-25T12:00:00Z"}',
    sign: (webhook) => signers.signVonageWebhook({ signatureSecret: planted, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'messagebird',
    create: made(() => messagebirdWebhook({ signingKey: planted })),
    contentType: 'application/x-www-form-urlencoded',
    body: 'id=m1&status=delivered&statusDatetime=2026-11-25T12:00:00Z&recipient=420777123456',
    sign: (webhook) => signers.signMessageBirdWebhook({ signingKey: planted, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'infobip',
    create: made(() => infobipWebhook({ credentials: { username: 'hook', password: planted }, token: planted })),
    body: '{"results": [{"messageId": "m1", "status": {"groupName": "DELIVERED", "name": "DELIVERED_TO_HANDSET"}, "doneAt": "2026-11-25T12:00:00Z"}]}',
    sign: () => signers.signInfobipWebhook({ token: planted }),
    covers: 'nothing',
  },
  {
    name: 'turbosms',
    create: made(() => turbosmsWebhook({ secret: planted })),
    body: '{"id": "7", "date": "2026-11-25 12:00:00", "data": {"message_id": "m1", "status": "DELIVRD"}}',
    sign: (webhook) => signers.signTurboSmsWebhook({ secret: planted, ...webhook }),
    covers: 'a part',
  },
  {
    name: 'smsc',
    create: made(() => smscWebhook({ secret: planted })),
    contentType: 'application/x-www-form-urlencoded',
    body: 'id=1&phone=420777123456&status=1&ts=1795608000',
    sign: (webhook) => signers.signSmscWebhook({ secret: planted, ...webhook }),
    covers: 'a part',
  },
  {
    name: 'kannel',
    create: made(() => kannelWebhook({ secret: planted })),
    body: '',
    query: 'key=n1.0.0&dlr=1&at=1795608000',
    sign: () => signers.signKannelWebhook({ secret: planted }),
    covers: 'nothing',
  },
  {
    name: 'sendgrid',
    create: made(() => sendgridWebhook({ publicKey: sendgridKeys.publicKey })),
    body: '[{"event": "delivered", "email": "ada@example.org", "timestamp": 1795608000, "sg_message_id": "m1"}]',
    sign: (webhook) => signers.signSendGridWebhook({ privateKey: sendgridKeys.privateKey, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'mailgun',
    create: made(() => mailgunWebhook({ signingKey: planted })),
    body: '{"event-data": {"event": "delivered", "timestamp": 1795608000.5, "message": {"headers": {"message-id": "m1"}}}}',
    sign: (webhook) => signers.signMailgunWebhook({ signingKey: planted, ...webhook }),
    covers: 'a part',
  },
  {
    name: 'postmark',
    create: made(() => postmarkWebhook({ credentials: { username: 'hook', password: planted } })),
    body: '{"RecordType": "Delivery", "MessageID": "m1", "DeliveredAt": "2026-11-25T12:00:00Z", "Recipient": "ada@example.org"}',
    sign: () => signers.signPostmarkWebhook({ username: 'hook', password: planted }),
    covers: 'nothing',
  },
  {
    name: 'resend',
    create: made(() => resendWebhook({ signingSecret: `whsec_${planted}` })),
    body: '{"type": "email.delivered", "created_at": "2026-11-25T12:00:00Z", "data": {"email_id": "m1"}}',
    sign: (webhook) => signers.signResendWebhook({ signingSecret: `whsec_${planted}`, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'ses',
    create: made(() => sesWebhook({ topicArn, fetch: certificate })),
    contentType: 'text/plain; charset=UTF-8',
    body: JSON.stringify({ Type: 'Notification', MessageId: 'x', TopicArn: topicArn, Message: sesMessage }),
    sign: (webhook) => signers.signSesWebhook({ privateKey: snsKeys.privateKey, ...webhook }),
    covers: 'fields',
  },
  {
    name: 'sendios',
    create: made(() => sendiosWebhook()),
    body: '{"0": {"event": "sms_lost", "sms_id": 1, "ts": 1795608000}, "sign": null}',
    covers: 'nothing',
  },
  {
    name: 'whatsapp-cloud',
    create: made(() => whatsappCloudWebhook({ appSecret: planted, verifyToken: planted })),
    body: '{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"statuses": [{"id": "m1", "status": "delivered", "timestamp": "1795608000", "recipient_id": "420777123456"}]}}]}]}',
    sign: (webhook) => signers.signWhatsAppCloudWebhook({ appSecret: planted, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'viber',
    create: made(() => viberWebhook({ authToken: planted })),
    body: `{"event": "delivered", "timestamp": ${noon}, "message_token": 4912661846655238145, "user_id": "0123456789A="}`,
    sign: (webhook) => signers.signViberWebhook({ authToken: planted, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'telegram',
    create: made(() => telegramWebhook({ secretToken: 'secret-that-was-planted' })),
    body: '{"update_id": 1, "my_chat_member": {"chat": {"id": 42}, "date": 1795608000, "new_chat_member": {"status": "kicked"}}}',
    sign: () => ({ headers: { 'x-telegram-bot-api-secret-token': 'secret-that-was-planted' } }),
    covers: 'nothing',
  },
  {
    name: 'telegram-gateway',
    create: made(() => telegramGatewayWebhook({ accessToken: planted })),
    body: '{"request_id": "m1", "delivery_status": {"status": "delivered", "updated_at": 1795608000}}',
    sign: (webhook) => signers.signTelegramGatewayWebhook({ accessToken: planted, ...webhook }),
    covers: 'bytes',
  },
  {
    name: 'vk',
    create: made(() => vkWebhook({ secret: planted, confirmation: 'c0nf1rm' })),
    body: '{"type": "message_deny", "group_id": 1, "object": {"user_id": 42}}',
    sign: (webhook) => signers.signVkWebhook({ secret: planted, ...webhook }),
    covers: 'nothing',
  },
  {
    name: 'ok',
    create: made(() => okWebhook()),
    body: '{"sender": {"user_id": "user:1"}, "recipient": {"chat_id": "chat:C1"}, "message": {"mid": "mid:1", "text": "Hi"}, "timestamp": 1795608000000}',
    covers: 'nothing',
  },
  {
    name: 'twin',
    create: made(() => twinWebhook({ now: () => noon })),
    body: '{"id": "80090812-6749-47c4-b802-eaf3b13ca5ad", "newStatus": "DELIVERED"}',
    covers: 'nothing',
  },
]
