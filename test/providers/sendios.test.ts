import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createNotifier } from 'omnicascade'
import { consoleProvider } from 'omnicascade/providers/console'
import { type SendiosOptions, sendios } from 'omnicascade/providers/sendios'
import { type Answer, providerContract } from 'omnicascade/testing'
import { parseSendiosWebhook, sendiosMailAddressKey, sendiosReceipts } from 'omnicascade/webhooks/sendios'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Recipient } from '../../src/contract/channel.ts'
import type { EmailContent } from '../../src/contract/content.ts'
import type { JsonObject } from '../../src/contract/json.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const apiKey = 'api-key-1f6c9b2e'
const sdkKey = 'sdk-key-88aa71cc'
const basic = (key: string) => Buffer.from(`123:${key}`).toString('base64')
const hashed = createHash('sha1').update(sdkKey).digest('hex')
const ada = 'ada.lovelace@example.org'

const mailTo = (
  content: Partial<EmailContent> = {},
  recipient: Recipient = { email: ada, userId: 'u-7' },
): SendRequest<'email'> => ({
  channel: 'email',
  to: ada,
  content: { subject: 'Shipped', text: 'Hi Ada', ...content },
  recipient,
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})
const smsTo = (recipient: Recipient = { phone: '+380501234567', userId: 'u-7' }): SendRequest<'sms'> => ({
  channel: 'sms',
  to: '+380501234567',
  content: { text: 'Hi Ada' },
  recipient,
  idempotencyKey: 'n1.1.0',
  notificationId: 'n1',
  within: 60_000,
})

const answer =
  (data: unknown, status = 200): Answer =>
  () =>
    HttpResponse.json({ _meta: { status: 'SUCCESS', time: 0, count: 1 }, data }, { status })
const mailKeys = ['meta:n1.0.0', 'user:u-7:type:5', sendiosMailAddressKey(ada, 5)]
const email = { api: 'system' } as const
const sms: NonNullable<SendiosOptions['sms']> = {
  body: ({ to, content, idempotencyKey }) => ({ phone: String(to), text: content.text, ref: idempotencyKey }),
  templateId: 77,
}

const failures = {
  'the login is refused with a 200': {
    answer: answer({ error: 'Authorization base64 data wrong or invalid' }),
    kind: 'configuration',
    code: '200',
  },
  'the login is refused with a 401': {
    answer: answer({ error: 'Authorization required' }, 401),
    kind: 'configuration',
    code: '401',
  },
  'a 200 that says it is an error': { answer: answer({ error: 'Type 5 is not active' }), kind: 'content', code: '200' },
  'an error that is no text': { answer: answer({ error: { code: 1 } }), kind: 'content' },
  'words that quote the login and the address': {
    answer: answer({ error: `no ${basic(apiKey)} ${basic(hashed)} ${apiKey} ${hashed} for ${ada} +380501234567` }),
    kind: 'content',
  },
  'a 400': { answer: answer({ error: 'project_id is required' }, 400), kind: 'content', code: '400' },
  'a 500': { answer: answer({ error: 'Internal error' }, 500), kind: 'transient', code: '500' },
  'a 202, which v1 does not give': { answer: answer({ queued: true }, 202), kind: 'unknown' },
  'a 200 that did not queue': { answer: answer({ queued: false }), kind: 'unknown' },
  'a 200 with a list for data': { answer: answer([]), kind: 'unknown' },
} as const

cases(
  'sendios e-mail, as every provider',
  providerContract({
    create: (wire) => sendios({ auth: { clientId: 123, apiKey }, projectId: 9, typeId: 5, email, ...wire }),
    request: mailTo(),
    success: { answer: answer({ queued: true, r_time: 0 }), result: { keys: mailKeys } },
    failures,
    secrets: [apiKey, basic(apiKey)],
  }),
)

cases(
  'sendios SMS, logged in as an SDK, as every provider',
  providerContract({
    create: (wire) => sendios({ auth: { clientId: 123, sdkKey }, projectId: 9, sms, ...wire }),
    request: smsTo(),
    success: {
      answer: answer({ sms_id: 555 }),
      result: { messageId: '555', keys: ['sms:555', 'user:u-7:template:77'] },
    },
    failures,
    secrets: [sdkKey, hashed, basic(hashed)],
  }),
)

describe('sendios', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const base: SendiosOptions = { auth: { clientId: 123, apiKey }, projectId: 9, typeId: 5, email, sms }

  /** What a request makes the provider post, and what it gives. */
  const posted = async (
    options: Partial<SendiosOptions>,
    request: SendRequest<'email'> | SendRequest<'sms'>,
    data: object = { queued: true },
  ) => {
    let call: { path: string; authorization: string | null; body: unknown } | undefined
    server.use(
      http.post('https://api.sendios.io/*', async ({ request }) => {
        const authorization = request.headers.get('authorization')
        call = { path: new URL(request.url).pathname, authorization, body: await request.json() }
        return HttpResponse.json({ _meta: {}, data })
      }),
    )
    const result = await sendios({ ...base, ...options }).send(request, context)
    return { ...call, result }
  }

  test('sends e-mail in the layout of the SDK, with the API key as it was issued', async () => {
    expect(await posted({}, mailTo({ html: '<p>Hi</p>' }))).toMatchObject({
      path: '/v1/push/system',
      authorization: `Basic ${basic(apiKey)}`,
      body: {
        type_id: 5,
        project_id: 9,
        email: ada,
        data: {
          subject: 'Shipped',
          text: 'Hi Ada',
          html: '<p>Hi</p>',
          user: { client_user_id: 'u-7' },
          meta: { omnicascade: 'n1.0.0' },
        },
      },
      result: { keys: mailKeys },
    })
  })

  test('sends e-mail in the layout of the README, with the SHA-1 of the SDK key', async () => {
    const options = { auth: { clientId: 123, sdkKey }, email: { api: 'trigger', layout: 'readme' } } as const
    const { path, authorization, body } = await posted(options, mailTo())
    expect({ path, authorization }).toEqual({ path: '/v1/push/trigger', authorization: `Basic ${basic(hashed)}` })
    expect(body).toEqual({
      type_id: 5,
      category: 2,
      client_id: 123,
      project_id: 9,
      data: { subject: 'Shipped', text: 'Hi Ada', user: { client_user_id: 'u-7', email: ada } },
      meta: { omnicascade: 'n1.0.0' },
    })
  })

  test('sends what the content and the app say of user, variables, meta and template', async () => {
    const user = () => ({ name: 'Ada', gender: 'f', client_user_id: 'other' })
    const own = {
      type_id: 6,
      data: { orderId: '42', subject: 'Yours is on its way' },
      user: { vip: 1 },
      meta: { tracking_id: 1, omnicascade: 'mine' },
      transactional_mail_settings: { subject_id: 1, template_id: 2 },
    }
    const { body, result } = await posted({ email: { api: 'system', user } }, mailTo({ vendor: { sendios: own } }))
    expect(body).toEqual({
      type_id: 6,
      project_id: 9,
      transactional_mail_settings: { subject_id: 1, template_id: 2 },
      email: ada,
      data: {
        subject: 'Yours is on its way',
        text: 'Hi Ada',
        orderId: '42',
        user: { name: 'Ada', gender: 'f', vip: 1, client_user_id: 'u-7' },
        meta: { tracking_id: 1, omnicascade: 'n1.0.0' },
      },
    })
    expect(result.keys).toEqual(['meta:n1.0.0', 'user:u-7:type:6', sendiosMailAddressKey(ada, 6)])
  })

  test('sends SMS with the body that the app builds', async () => {
    const { path, body, result } = await posted({}, smsTo(), { queued: true })
    expect({ path, body }).toEqual({
      path: '/v1/sms/send/system',
      body: { phone: '+380501234567', text: 'Hi Ada', ref: 'n1.1.0' },
    })
    expect(result).toEqual({ keys: ['user:u-7:template:77'] })
  })

  test('finds the SMS id where the app says it is, and sends no worse where that fails', async () => {
    const found = { ...sms, smsId: (data: Record<string, unknown>) => (data.message as { id: string }).id }
    expect((await posted({ sms: found }, smsTo(), { message: { id: 'a1' } })).result).toEqual({
      messageId: 'a1',
      keys: ['sms:a1', 'user:u-7:template:77'],
    })
    expect((await posted({ sms: found }, smsTo(), { sms_id: 5 })).result).toEqual({ keys: ['user:u-7:template:77'] })
  })

  test('takes the template of an SMS from the request where it depends on it', async () => {
    const perText = { ...sms, templateId: ({ content }: SendRequest<'sms'>) => content.text.length }
    expect((await posted({ sms: perText }, smsTo())).result).toEqual({ keys: ['user:u-7:template:6'] })
  })

  const stranger = { phone: '+380501234567' }
  const byId = { body: sms.body, smsId: ({ id }: JsonObject) => id }

  test.each<[string, Recipient, Partial<NonNullable<SendiosOptions['sms']>>]>([
    ['the recipient has no userId', stranger, {}],
    ['the recipient’s userId is null', { ...stranger, userId: null }, {}],
    ['the recipient’s userId is empty', { ...stranger, userId: '' }, {}],
    ['the app names no template', { ...stranger, userId: 'u-7' }, { templateId: () => '' }],
  ])('sends no SMS whose loss nobody would hear of: %s', async (_, recipient, own) => {
    // The server knows no handler, so that a call would fail the test.
    const error = await failureOf(sendios({ ...base, sms: { ...sms, ...own } }).send(smsTo(recipient), context))
    expect(error).toMatchObject({ kind: 'content', message: expect.stringMatching(/give to\.userId .*sms\.smsId/) })
    expect(error.field).toBe(recipient.userId ? 'sms.templateId' : 'to.userId')
    expect(inspect(error)).not.toContain(stranger.phone)
  })

  test('so the next channel has its turn, and the number is not at fault', async () => {
    const notifier = createNotifier({
      providers: [sendios({ auth: base.auth, projectId: 9, sms }), consoleProvider({ channels: ['email'], write: () => {} })],
    })
    const { id } = await notifier.send({
      to: { ...stranger, email: ada },
      content: { sms: { text: 'Hi' }, email: { subject: 'Hi', text: 'Hi' } },
      cascade: ['sms', 'email'],
    })
    expect(await notifier.settled(id)).toMatchObject({ status: 'delivered', by: 'email', steps: [{ reason: 'content' }, {}] })
    await notifier.close()
  })

  test('sends SMS to a recipient without userId where the app finds the SMS id in the answer', async () => {
    expect((await posted({ sms: byId }, smsTo(stranger), { id: 9 })).result).toEqual({ messageId: '9', keys: ['sms:9'] })
    expect((await posted({ sms: byId }, smsTo(), { id: 9 })).result).toEqual({ messageId: '9', keys: ['sms:9'] })
  })

  test.each([{ queued: true }, { id: '' }, { id: null }, { id: {} }, { id: ['9'] }])(
    'does not count silence as delivery where the app finds no SMS id (%j) and there is no other key',
    async (data) => {
      const error = await failureOf(posted({ sms: byId }, smsTo(stranger), data))
      expect(error).toMatchObject({ kind: 'unknown', field: 'sms.smsId' })
    },
  )

  test('tells no keys, and throws nothing, while a template cannot be told', async () => {
    const broken = () => {
      throw new TypeError(ada)
    }
    const provider = sendios({ ...base, sms: { ...sms, templateId: broken } })
    expect(provider.keys?.(smsTo())).toEqual([])
    expect(await failureOf(provider.send(smsTo(), context))).toMatchObject({
      kind: 'content',
      message: 'the option sms.templateId threw (TypeError)',
    })
  })

  test('shows neither a number without its plus nor an address in lower case', async () => {
    const error = 'no 380501234567, no ada.lovelace@example.org'
    server.use(http.post('https://api.sendios.io/*', () => HttpResponse.json({ data: { error } })))
    expect((await failureOf(sendios(base).send(smsTo(), context))).message).toBe('no [number], no [address]')
  })

  test('shows Sendios’ own words alone', async () => {
    server.use(http.post('https://api.sendios.io/*', () => HttpResponse.json({ data: { error: 'Type 5 is not active' } })))
    expect((await failureOf(sendios(base).send(mailTo(), context))).message).toBe('Type 5 is not active')
    server.use(http.post('https://api.sendios.io/*', () => HttpResponse.json({ data: { error: true } })))
    expect((await failureOf(sendios(base).send(mailTo(), context))).message).toBe('the message was refused without a reason')
  })

  test('is found by the webhooks about what it sent', async () => {
    const mail = await posted({}, mailTo())
    const text = await posted({}, smsTo())
    const { events } = parseSendiosWebhook({
      0: { event: 'open', ts: 1, user_id: 1, project_id: 9, type_id: 5, client_user_id: 'u-7', meta: { omnicascade: 'n1.0.0' } },
      1: { event: 'reject', ts: 1, user_id: 0, project_id: 9, type_id: 5, client_user_id: null, email: ada, reject_reason: 'x' },
      2: {
        event: 'sms_lost',
        ts: 1,
        client_user_id: 'u-7',
        project_id: 9,
        category_id: 1,
        template_id: 77,
        sms_id: 1,
        omnichannel: 1,
        channel: 'sms',
      },
      sign: null,
    })
    const receipts = sendiosReceipts(events)
    const hits = (keys: readonly string[] = []) => receipts.map((receipt) => receipt.keys.some((key) => keys.includes(key)))
    expect(hits(mail.result.keys)).toEqual([true, true, false])
    expect(hits(text.result.keys)).toEqual([false, false, true])
  })

  test('takes silence for delivery on the channels it is set up for', () => {
    expect(sendios(base)).toMatchObject({ channels: ['email', 'sms'], receipts: { email: 'failures', sms: 'failures' } })
    expect(sendios({ auth: base.auth, projectId: 9, sms })).toMatchObject({ channels: ['sms'], receipts: { sms: 'failures' } })
  })

  test('calls nobody when an option of the app throws, and keeps what it threw to itself', async () => {
    const broken = () => {
      throw new TypeError(`cannot read ${ada}`)
    }
    for (const [options, request] of [
      [{ sms: { ...sms, body: broken } }, smsTo()],
      [{ email: { api: 'system', user: broken } }, mailTo()],
    ] as const) {
      await expect(sendios({ ...base, ...options }).send(request, context)).rejects.toMatchObject({
        kind: 'content',
        message: expect.stringMatching(/^the option (sms\.body|email\.user) threw \(TypeError\)$/),
      })
    }
  })

  test('says which setting is missing', async () => {
    const { typeId: _, ...untyped } = base
    await expect(sendios(untyped).send(mailTo(), context)).rejects.toMatchObject({
      kind: 'content',
      field: 'vendor.sendios.type_id',
    })
    expect(sendios(untyped).keys?.(mailTo())).toEqual(['meta:n1.0.0'])
  })

  test.each<[string, unknown, string[]]>([
    ['no options', undefined, ['auth.clientId', 'auth.apiKey', 'projectId', 'email']],
    ['no log-in', { ...base, auth: undefined }, ['auth.clientId', 'auth.apiKey']],
    ['an empty client', { ...base, auth: { clientId: '', apiKey } }, ['auth.clientId']],
    ['a client with a colon', { ...base, auth: { clientId: 'a:b', apiKey } }, ['auth.clientId']],
    ['a client that is no number', { ...base, auth: { clientId: Number.NaN, apiKey } }, ['auth.clientId']],
    ['no API key', { ...base, auth: { clientId: 1, apiKey: undefined } }, ['auth.apiKey']],
    ['an empty API key', { ...base, auth: { clientId: 1, apiKey: '' } }, ['auth.apiKey']],
    ['an empty SDK key', { ...base, auth: { clientId: 1, sdkKey: '' } }, ['auth.sdkKey']],
    ['no project', { ...base, projectId: Number.NaN }, ['projectId']],
    ['no channel', { auth: base.auth, projectId: 9 }, ['email']],
    ['another API', { ...base, email: { api: undefined } }, ['email.api']],
    ['no body', { ...base, sms: { templateId: 77 } }, ['sms.body']],
    ['nothing by which an SMS is found', { ...base, sms: { body: sms.body } }, ['sms.templateId']],
    ['a template that is no number', { ...base, sms: { body: sms.body, templateId: Number.NaN } }, ['sms.templateId']],
    ['an empty URL', { ...base, baseUrl: '' }, ['baseUrl']],
  ])('refuses %s', (_, options, paths) => {
    const error = thrownBy(() => sendios(options as SendiosOptions))
    expect(error.code).toBe('invalid-options')
    expect(error.issues.map(({ path }) => path)).toEqual(paths)
    expect(inspect(error)).not.toContain(apiKey)
  })

  test('takes what is undefined for what is left out', async () => {
    const auth = { clientId: 123, apiKey: undefined, sdkKey }
    const options = { auth, baseUrl: undefined, fetch: undefined } as object
    expect(await posted(options, mailTo())).toMatchObject({
      path: '/v1/push/system',
      authorization: `Basic ${basic(hashed)}`,
    })
  })

  test('takes a type that is no number for none', async () => {
    const error = await failureOf(sendios({ ...base, typeId: Number.NaN }).send(mailTo(), context))
    expect(error.field).toBe('vendor.sendios.type_id')
  })
})
