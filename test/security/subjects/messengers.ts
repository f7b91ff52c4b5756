import { consoleProvider } from 'omnicascade/providers/console'
import { discord } from 'omnicascade/providers/discord'
import { ok } from 'omnicascade/providers/ok'
import { slack, slackBot } from 'omnicascade/providers/slack'
import { teams } from 'omnicascade/providers/teams'
import { telegram } from 'omnicascade/providers/telegram'
import { telegramGateway } from 'omnicascade/providers/telegram-gateway'
import { viber } from 'omnicascade/providers/viber'
import { vk } from 'omnicascade/providers/vk'
import { vkNotify } from 'omnicascade/providers/vk-notify'
import { whatsappCloud } from 'omnicascade/providers/whatsapp-cloud'
import { json, message, phone, requestFor, type Subject } from './subject.ts'

const chat = requestFor('chat', undefined, message)
const template = { tmpl: 'order', tmpl_data: { name: 'Ada' } }
const at = (baseUrl: string | undefined) => (baseUrl === undefined ? {} : { baseUrl })
const whatsapp = [
  requestFor('whatsapp', phone, { text: 'Hi Ada', imageUrl: message.imageUrl }),
  requestFor('whatsapp', phone, { approved: { name: 'order_shipped', language: 'en', parameters: ['Ada', '17'] } }),
]

/** Messengers and chats. */
export const messengerSubjects: readonly Subject[] = [
  {
    name: 'whatsappCloud',
    secrets: ['m3ta-access-t0ken'],
    create: (baseUrl) => whatsappCloud({ accessToken: 'm3ta-access-t0ken', phoneNumberId: '1098', ...at(baseUrl) }),
    requests: whatsapp,
    hosts: ['graph.facebook.com'],
    refusal: (words) => json({ error: { code: 190, type: words, message: words, error_data: { details: words } } }, 401),
  },
  {
    name: 'viber',
    secrets: ['v1ber-auth-t0ken'],
    create: (baseUrl) => viber({ authToken: 'v1ber-auth-t0ken', sender: { name: 'Shop' }, ...at(baseUrl) }),
    requests: [requestFor('viber', 'abcdefGHIJ0123==', message)],
    hosts: ['chatapi.viber.com'],
    refusal: (words) => json({ status: 2, status_message: words }, 200),
  },
  {
    name: 'telegram',
    secrets: ['123456:AAt3legram-b0t'],
    create: (baseUrl) => telegram({ token: '123456:AAt3legram-b0t', ...at(baseUrl) }),
    requests: [
      requestFor('telegram', 421_337_001, message),
      requestFor('telegram', 421_337_001, { text: 'Hi <b>Ada</b>', format: 'html' }),
    ],
    hosts: ['api.telegram.org'],
    refusal: (words) => json({ ok: false, error_code: 401, description: words }, 401),
  },
  {
    name: 'telegramGateway',
    secrets: ['AAGat3way-t0ken', 'hook-s3cret-tg'],
    create: (baseUrl) =>
      telegramGateway({
        accessToken: 'AAGat3way-t0ken',
        callbackUrl: 'https://hooks.example.org/tg?token=hook-s3cret-tg',
        ...at(baseUrl),
      }),
    requests: [requestFor('telegram', phone, { text: '12345678' })],
    hosts: ['gatewayapi.telegram.org'],
    refusal: (words) => json({ ok: false, error: words }, 200),
  },
  {
    name: 'vk',
    secrets: ['vk1.a.acc3ss-t0ken'],
    create: (baseUrl) => vk({ accessToken: 'vk1.a.acc3ss-t0ken', ...at(baseUrl) }),
    requests: [requestFor('vk', 421_337_002, message)],
    hosts: ['api.vk.com'],
    refusal: (words) => json({ error: { error_code: 5, error_msg: words, request_params: [{ key: words, value: words }] } }, 200),
  },
  {
    name: 'vkNotify',
    secrets: ['d3vino-api-k3y', 'hook-s3cret-vk'],
    create: (baseUrl) =>
      vkNotify({ apiKey: 'd3vino-api-k3y', statusUrl: 'https://hooks.example.org/vk?token=hook-s3cret-vk', ...at(baseUrl) }),
    requests: (['vk', 'ok'] as const).map((channel) =>
      requestFor(channel, phone, { text: 'Hi', vendor: { 'vk-notify': template } }),
    ),
    hosts: ['api.devino.online'],
    refusal: (words) => json({ result: [{ code: 'REFUSED', messageId: words, description: words }] }, 200),
  },
  {
    name: 'ok',
    secrets: ['tkn0k:acc3ss-key'],
    create: (baseUrl) => ok({ accessToken: 'tkn0k:acc3ss-key', ...at(baseUrl) }),
    requests: [requestFor('ok', 'chat:C0421337003', message), requestFor('ok', 'user:421337003', { text: 'Hi' })],
    hosts: ['api.ok.ru'],
    refusal: (words) => json({ error_code: 102, error_msg: words, error_data: words }, 401),
  },
  {
    name: 'slack',
    secrets: ['T0SECRET/B0SECRET/xSlackS3cret'],
    create: (baseUrl = 'https://hooks.slack.com') => slack({ webhookUrl: `${baseUrl}/services/T0SECRET/B0SECRET/xSlackS3cret` }),
    requests: [chat],
    hosts: ['hooks.slack.com'],
    refusal: (words) => new Response(words, { status: 403 }),
  },
  {
    name: 'slackBot',
    secrets: ['xoxb-s3cret-b0t'],
    create: (baseUrl) => slackBot({ token: 'xoxb-s3cret-b0t', ...at(baseUrl) }),
    requests: [requestFor('chat', 'C0123456789', message)],
    hosts: ['slack.com'],
    refusal: (words) => json({ ok: false, error: words }, 200),
  },
  {
    name: 'discord',
    secrets: ['d1scord-webhook-t0ken'],
    create: (baseUrl = 'https://discord.com') => discord({ webhookUrl: `${baseUrl}/api/webhooks/17/d1scord-webhook-t0ken` }),
    requests: [chat],
    hosts: ['discord.com'],
    refusal: (words) => json({ code: 50027, message: words }, 401),
  },
  {
    name: 'teams',
    secrets: ['t3ams-sas-signature'],
    create: (baseUrl = 'https://prod-1.logic.azure.com') =>
      teams({ webhookUrl: `${baseUrl}/workflows/1?sig=t3ams-sas-signature` }),
    requests: [chat],
    hosts: ['prod-1.logic.azure.com'],
    refusal: (words) => json({ error: { code: 'AuthorizationFailed', message: words } }, 401),
  },
  {
    name: 'consoleProvider',
    over: 'nothing',
    secrets: [],
    create: () => consoleProvider({ write: () => {} }),
    requests: [requestFor('sms', phone, { text: 'Hi' })],
    hosts: [],
  },
]
