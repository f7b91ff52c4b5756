// What every runtime must be able to do, with Web standards alone: the same file runs on Node, Bun, Deno and workerd.
import { createNotifier, defineTemplate, formatTimeline, RequestError } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { sendios } from 'omnicascade/providers/sendios'
import { telegram } from 'omnicascade/providers/telegram'
import { parseSambaEvents } from 'omnicascade/samba'
import { liquid } from 'omnicascade/templates/liquid'
import { countSegments } from 'omnicascade/text'
import { parseSendiosWebhook, sendiosWebhook } from 'omnicascade/webhooks/sendios'
import * as z from 'zod/mini'

/** The twin of Telegram, and a chat whose owner has blocked the bot. */
export interface Stage {
  readonly telegramUrl: string
  readonly token: string
  readonly blocked: number
}

/** Does it all, and gives the names of what held. Throws at the first that does not. */
export async function smoke(stage: Stage): Promise<readonly string[]> {
  const held: string[] = []
  const holds = (name: string, seen: unknown, expected: unknown) => {
    const [got, wanted] = [JSON.stringify(seen), JSON.stringify(expected)]
    if (got !== wanted) throw new Error(`${name}: ${got} instead of ${wanted}`)
    held.push(name)
  }

  const mails: string[] = []
  const notifier = createNotifier({
    providers: [
      telegram({ token: stage.token, baseUrl: stage.telegramUrl }),
      sendios({
        auth: { clientId: 7, apiKey: 'key' },
        projectId: 99,
        sms: { templateId: 15, body: ({ to, content }) => ({ phone: String(to), text: content.text }) },
        fetch: async () => Response.json({ _meta: { status: 'SUCCESS' }, data: { queued: true } }),
      }),
      {
        name: 'mail',
        channels: ['email'],
        receipts: 'none',
        send: async ({ content }) => {
          mails.push('subject' in content ? content.subject : '')
          return {}
        },
      },
    ],
  })
  const welcome = defineTemplate({
    id: 'welcome',
    variables: z.object({ name: z.string() }),
    engine: liquid(),
    content: { telegram: 'Hello {{ name }}', sms: 'Hello {{ name }}', email: { subject: 'Hello {{ name }}', text: 'Hello' } },
  })

  const { id } = await notifier.send({
    to: { telegram: stage.blocked, userId: 'test123', phone: '+420777123456', email: 'ada@example.org' },
    template: welcome,
    variables: { name: 'Ada' },
    cascade: ['telegram', 'sms', 'email'],
    idempotencyKey: 'welcome-ada',
  })
  await notifier.idle()
  const channels = async () => (await notifier.get(id))?.steps.map(({ channel, state }) => `${channel} ${state}`)
  holds('a blocked bot makes way for an SMS', await channels(), ['telegram failed', 'sms awaiting', 'email pending'])

  const handle = fetchWebhook(notifier, sendiosWebhook(), { secret: { query: 'token', values: ['secret'] } })
  const post = (token: string) => {
    const body = JSON.stringify({
      0: { event: 'sms_lost', client_user_id: 'test123', template_id: 15, sms_id: 1233, ts: Math.ceil(Date.now() / 1000) },
    })
    const headers = { 'content-type': 'application/json' }
    return handle(new Request(`https://app.example/hooks?token=${token}`, { method: 'POST', headers, body }))
  }
  holds('a webhook without the secret is refused', (await post('wrong')).status, 401)
  holds('a webhook is taken', (await post('secret')).status, 200)
  const outcome = await notifier.settled(id)
  holds('a lost SMS makes way for an e-mail', [outcome.status, outcome.by, mails], ['delivered', 'email', ['Hello Ada']])
  const record = await notifier.get(id)
  holds('its timeline can be told', record !== undefined && formatTimeline(record).includes('settled: delivered by email'), true)

  const direct = await notifier.send({
    to: { telegram: 42 },
    content: { telegram: { text: 'Hi' } },
    cascade: ['telegram'],
  })
  holds('Telegram takes a message', (await notifier.settled(direct.id)).by, 'telegram')

  const refused: unknown = await notifier
    .send({ to: { email: 'x' }, content: { email: { subject: 's', text: 't' } }, cascade: ['email'] })
    .catch((error: unknown) => error)
  holds('a request that cannot work is refused', refused instanceof RequestError, true)
  await notifier.close()

  const { events, errors } = parseSendiosWebhook('{"0":{"event":"open","ts":1549382627,"client_user_id":"test123"},"sign":null}')
  holds("Sendios' events are read", [events.map(({ event }) => event), errors.length], [['open'], 0])

  const line = (user: number) =>
    `{"smsEvent":{"trackpoint":4541245641234564,"userId":"${user}","status":"DELIVERED","date":1673763160310},` +
    `"source":{"type":"one-off","campaign":{"id":"b2","name":"Чорна п'ятниця"},"sendDate":1673763160010}}\n`
  const bytes = new TextEncoder().encode([1, 2, 3].map(line).join(''))
  // In pieces of 7 bytes, which cut characters and records.
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.slice(at * 7, at * 7 + 7))
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = pieces.shift()
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
  const users: string[] = []
  for await (const { smsEvent } of parseSambaEvents(stream)) users.push(String(smsEvent.userId))
  holds("Samba's stream is read", users, ['1', '2', '3'])

  holds('SMS are counted', countSegments('Привіт, Адо! '.repeat(6)).segments, 2)
  return held
}
