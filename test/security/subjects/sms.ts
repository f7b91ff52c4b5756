import { infobip } from 'omnicascade/providers/infobip'
import { kannel } from 'omnicascade/providers/kannel'
import { messagebird } from 'omnicascade/providers/messagebird'
import { sendios } from 'omnicascade/providers/sendios'
import { smpp } from 'omnicascade/providers/smpp'
import { smsc } from 'omnicascade/providers/smsc'
import { turbosms } from 'omnicascade/providers/turbosms'
import { twilio } from 'omnicascade/providers/twilio'
import { twin } from 'omnicascade/providers/twin'
import { vonage } from 'omnicascade/providers/vonage'
import { json, message, phone, requestFor, type Subject } from './subject.ts'

const sms = requestFor('sms', phone, { text: 'Hi Ada', sender: 'Shop' })
const viber = requestFor('viber', phone, { text: 'Hi Ada', buttons: message.buttons })
const viberPicture = requestFor('viber', phone, message)
const approved = { name: 'order_shipped', language: 'en', parameters: ['Ada', '17'] }
const whatsapp = requestFor('whatsapp', phone, { text: 'Hi Ada', imageUrl: message.imageUrl })
const template = requestFor('whatsapp', phone, { approved })
const at = (baseUrl: string | undefined) => (baseUrl === undefined ? {} : { baseUrl })

/** Gateways of SMS, and of what else they send. */
export const smsSubjects: readonly Subject[] = [
  {
    name: 'twilio',
    secrets: ['tw1l10-auth-t0ken', 'hook-s3cret-tw'],
    pairs: [['AC0123456789', 'tw1l10-auth-t0ken']],
    create: (baseUrl) =>
      twilio({
        accountSid: 'AC0123456789',
        authToken: 'tw1l10-auth-t0ken',
        senders: { sms: '+15005550006', whatsapp: '+15005550006' },
        callbackUrl: 'https://hooks.example.org/twilio?token=hook-s3cret-tw',
        ...at(baseUrl),
      }),
    requests: [sms, whatsapp, requestFor('whatsapp', phone, { approved: { ...approved, name: `HX${'0'.repeat(32)}` } })],
    hosts: ['api.twilio.com'],
    refusal: (words) => json({ code: 20003, message: words, status: 401 }, 401),
  },
  {
    name: 'vonage',
    secrets: ['v0nage-api-s3cret', 'hook-s3cret-vo'],
    pairs: [['abcd1234', 'v0nage-api-s3cret']],
    create: (baseUrl) =>
      vonage({
        auth: { apiKey: 'abcd1234', apiSecret: 'v0nage-api-s3cret' },
        senders: { sms: 'Shop', viber: '16273', whatsapp: '+447700900001' },
        callbackUrl: 'https://hooks.example.org/vonage?token=hook-s3cret-vo',
        ...at(baseUrl),
      }),
    requests: [sms, viber, viberPicture, whatsapp, template],
    hosts: ['api.nexmo.com'],
    refusal: (words) => json({ type: `https://example.org/errors#${words}`, code: words, title: words, detail: words }, 401),
  },
  {
    name: 'messagebird',
    secrets: ['m3ssagebird-acc3ss-key'],
    create: (baseUrl) => messagebird({ accessKey: 'm3ssagebird-acc3ss-key', sender: 'Shop', ...at(baseUrl) }),
    requests: [sms],
    hosts: ['rest.messagebird.com'],
    refusal: (words) => json({ errors: [{ code: 2, description: words, parameter: words }] }, 401),
  },
  {
    name: 'infobip',
    secrets: ['1nfobip-api-k3y', 'hook-s3cret-in'],
    create: (baseUrl) =>
      infobip({
        baseUrl: baseUrl ?? 'https://acc0unt.api.infobip.com',
        apiKey: '1nfobip-api-k3y',
        senders: { sms: 'Shop', whatsapp: '447700900001', viber: 'Shop' },
        notifyUrl: 'https://hooks.example.org/infobip?token=hook-s3cret-in',
      }),
    requests: [sms, viber, viberPicture, whatsapp, template],
    hosts: ['acc0unt.api.infobip.com'],
    refusal: (words) => json({ errorCode: words, description: words, violations: [{ property: words, violation: words }] }, 401),
  },
  {
    name: 'turbosms',
    secrets: ['turb0sms-t0ken'],
    create: (baseUrl) => turbosms({ token: 'turb0sms-t0ken', senders: { sms: 'Shop', viber: 'Shop' }, ...at(baseUrl) }),
    requests: [sms, viber, viberPicture],
    hosts: ['api.turbosms.ua'],
    refusal: (words) => json({ response_code: 103, response_status: words, response_result: null }, 200),
  },
  {
    name: 'smsc',
    secrets: ['smsc-passw0rd'],
    create: (baseUrl) =>
      smsc({ auth: { login: 'shop', password: 'smsc-passw0rd' }, senders: { sms: 'Shop', viber: 'Shop' }, ...at(baseUrl) }),
    requests: [sms, viber],
    hosts: ['smsc.ru'],
    refusal: (words) => json({ error: words, error_code: 2 }, 200),
  },
  {
    name: 'smpp',
    over: 'smpp',
    secrets: ['smppP4ss'],
    create: (baseUrl = 'smpp://smsc.example.org') =>
      smpp({ url: baseUrl, systemId: 'shop', password: 'smppP4ss', sender: 'Shop' }),
    requests: [sms],
    hosts: ['smsc.example.org'],
  },
  {
    name: 'kannel',
    secrets: ['kannel-passw0rd', 'hook-s3cret-ka'],
    create: (baseUrl = 'http://kannel.example.org:13013') =>
      kannel({
        url: `${baseUrl}/cgi-bin/sendsms`,
        username: 'shop',
        password: 'kannel-passw0rd',
        dlrUrl: 'https://hooks.example.org/kannel?token=hook-s3cret-ka',
      }),
    requests: [sms],
    hosts: ['kannel.example.org:13013'],
    refusal: (words) => new Response(words, { status: 403 }),
  },
  {
    name: 'sendios',
    secrets: ['s3ndios-api-key'],
    pairs: [['7', 's3ndios-api-key']],
    create: (baseUrl) =>
      sendios({
        auth: { clientId: 7, apiKey: 's3ndios-api-key' },
        projectId: 9,
        typeId: 1,
        email: { api: 'trigger' },
        sms: { templateId: 1, body: ({ to, content }) => ({ phone: String(to), text: content.text }) },
        ...at(baseUrl),
      }),
    requests: [sms, requestFor('email', 'ada@example.org', { subject: 'Hi', text: 'Hello', html: '<p>Hello' })],
    hosts: ['api.sendios.io'],
    refusal: (words) => json({ _meta: { status: 'ERROR' }, data: { error: words } }, 401),
  },
  {
    name: 'twin',
    secrets: ['tw1n-passw0rd', 'callback-s3cret-twin'],
    create: (baseUrl) =>
      twin({
        email: 'shop@example.org',
        password: 'tw1n-passw0rd',
        callbackUrl: 'https://hooks.example.org/twin',
        callbackSecret: 'callback-s3cret-twin',
        ...at(baseUrl),
      }),
    requests: [sms, viber, requestFor('telegram', phone, { text: 'Hi Ada' })],
    hosts: ['notify.twin24.ai', 'iam.twin24.ai', 'chat-api.twin24.ai'],
    logIn: (url) => (url.pathname.endsWith('/auth/login') ? json({ token: 'tw1n-session-t0ken' }, 200) : undefined),
    refusal: (words) => json({ error: words, details: { [words]: words } }, 400),
  },
]
