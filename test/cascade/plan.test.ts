// Every way in which a request can be wrong: one error that names them all, with what to do about each, and no address in it.
import { defineTemplate, type NotificationRequest, RequestError } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { plan } from '../../src/cascade/plan.ts'
import { ada, content, world } from '../support/world.ts'

const providers = [
  scriptedProvider({ channels: ['sms', 'viber'], receipts: 'none' }),
  scriptedProvider({ channels: ['email'], receipts: 'none' }),
  scriptedProvider({ name: 'twin', channels: ['telegram', 'whatsapp'], receipts: 'full', delegates: true }),
]

const template = defineTemplate({
  id: 'hello',
  variables: z.object({ name: z.string(), order: z.object({ id: z.number() }).optional() }),
  content: { sms: ({ name }) => ({ text: `Hello ${name}` }) },
})

function setUp() {
  const w = world(providers)
  const send = w.notifier.send as unknown as (request: unknown) => Promise<{ id: string }>
  const explain = w.notifier.explain as unknown as (request: unknown) => Promise<unknown>
  return { ...w, send, explain }
}

/** The request with some fields changed; undefined takes one out. */
function request(changes: object = {}): NotificationRequest {
  const all = { to: ada, content, cascade: ['sms'], ...changes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as never
}

async function issuesOf(sent: unknown) {
  const w = setUp()
  const error = await w.send(sent).then(
    () => expect.fail('it was taken'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(RequestError)
  await expect(w.explain(sent)).rejects.toThrow(RequestError)
  await w.to(3600)
  expect(w.events).toEqual([])
  const { issues, message, code } = error as RequestError
  expect(code).toBe('invalid-request')
  expect(message).toMatch(/^the notification cannot be sent/)
  for (const issue of issues) expect(message).toContain(issue.message)
  return issues
}

const pathsOf = async (sent: unknown) => (await issuesOf(sent)).map(({ path }) => path)

class Order {
  id = 1
}
const circular: { self?: unknown } = {}
circular.self = circular

describe('one thing wrong, and where', () => {
  const cases: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['no recipient', request({ to: undefined }), 'to', /give the recipient/],
    ['a recipient that is none', request({ to: '+420777123456' }), 'to', /give the recipient/],
    ['a recipient that is null', request({ to: null }), 'to', /give the recipient/],
    ['several phones', request({ to: { ...ada, phone: ['+420777123456'] } }), 'to.phone', /E\.164/],
    ['a phone with a name', request({ to: { ...ada, phone: 'Ada +420777123456' } }), 'to.phone', /E\.164/],
    ['a phone with an extension', request({ to: { ...ada, phone: '+420777123456x12' } }), 'to.phone', /E\.164/],
    ['a phone without country code', request({ to: { ...ada, phone: '777123456' } }), 'to.phone', /with \+ and country code/],
    ['a phone with spaces', request({ to: { ...ada, phone: '+420 777 123 456' } }), 'to.phone', /E\.164/],
    ['a phone that is a number', request({ to: { ...ada, phone: 420777123456 } }), 'to.phone', /E\.164/],
    ['a list of one e-mail', request({ to: { ...ada, email: ['ada@example.org'] } }), 'to.email', /bare mailbox/],
    [
      'an e-mail that no server takes',
      request({ to: { ...ada, email: `${'a'.repeat(243)}@example.org` } }),
      'to.email',
      /bare mailbox/,
    ],
    ['an e-mail without domain', request({ to: { ...ada, email: 'ada@' } }), 'to.email', /bare mailbox/],
    ['an e-mail with a name', request({ to: { ...ada, email: 'Ada <ada@example.org>' } }), 'to.email', /bare mailbox/],
    [
      'an e-mail with a line break',
      request({ to: { ...ada, email: 'ada@example.org\nBcc: x@example.org' } }),
      'to.email',
      /bare/,
    ],
    ['several e-mails', request({ to: { ...ada, email: 'a@example.org,b@example.org' } }), 'to.email', /bare mailbox/],
    ['a push subscription without endpoint', request({ to: { ...ada, push: { keys: {} } } }), 'to.push', /endpoint and keys/],
    ['a push address that is a number', request({ to: { ...ada, push: 5 } }), 'to.push', /device token/],
    ['a WhatsApp number that is none', request({ to: { ...ada, whatsapp: 'ada' } }), 'to.whatsapp', /country code/],
    ['an empty Viber id', request({ to: { ...ada, viber: '' } }), 'to.viber', /Viber/],
    ['a Telegram id past 2^53', request({ to: { ...ada, telegram: 2 ** 53 } }), 'to.telegram', /safe integer/],
    ['an empty Telegram id', request({ to: { ...ada, telegram: '' } }), 'to.telegram', /@channelname/],
    ['a list of one Telegram id', request({ to: { ...ada, telegram: ['@ada'] } }), 'to.telegram', /@channelname/],
    ['a VKontakte id that is none', request({ to: { ...ada, vk: 1.5 } }), 'to.vk', /VKontakte/],
    ['an Odnoklassniki id that is none', request({ to: { ...ada, ok: 5 } }), 'to.ok', /Odnoklassniki/],
    ['a chat id that is none', request({ to: { ...ada, chat: {} } }), 'to.chat', /chat id/],
    ['a user id that is no text', request({ to: { ...ada, userId: 5 } }), 'to.userId', /no text/],
    ['a locale that is no text', request({ to: { ...ada, locale: 5 } }), 'to.locale', /uk-UA/],
    ['a time zone that is none', request({ to: { ...ada, timeZone: 'Mars/Olympus' } }), 'to.timeZone', /Europe\/Prague/],
    ['no cascade', request({ cascade: undefined }), 'cascade', /at least one channel/],
    ['an empty cascade', request({ cascade: [] }), 'cascade', /at least one channel/],
    ['a cascade that is a text', request({ cascade: 'sms' }), 'cascade', /at least one channel/],
    [
      'a channel that is none',
      request({ cascade: ['sms', 'fax'] }),
      'cascade[1]',
      /"fax", which is no channel: give one of sms, email/,
    ],
    ['a step without channel', request({ cascade: [{}] }), 'cascade[0]', /names no channel: give one of sms/],
    ['a step that is null', request({ cascade: [null] }), 'cascade[0]', /give one of sms/],
    ['a step that is a number', request({ cascade: [5] }), 'cascade[0]', /give one of sms/],
    [
      'a channel without provider',
      request({ cascade: ['push'] }),
      'cascade[0]',
      /no provider sends push: add one to createNotifier/,
    ],
    [
      'a provider that there is not',
      request({ cascade: [{ channel: 'sms', through: 'twilio' }] }),
      'cascade[0]',
      /under the name "twilio"/,
    ],
    ...[7, '', {}, { toString: 1 }].map(
      (through) =>
        [
          `a provider named ${JSON.stringify(through)}`,
          request({ cascade: [{ channel: 'sms', through }] }),
          'cascade[0].through',
          /give the name of a provider/,
        ] as const,
    ),
    [
      'a provider of another channel',
      request({ cascade: [{ channel: 'sms', through: 'email' }] }),
      'cascade[0]',
      /under the name "email"/,
    ],
    [
      'a delegated cascade without provider',
      request({ cascade: [{ channels: ['telegram'] }] }),
      'cascade[0].through',
      /name the provider/,
    ],
    [
      'a delegated cascade of no channels',
      request({ cascade: [{ channels: [], through: 'twin' }] }),
      'cascade[0]',
      /names no channel/,
    ],
    [
      'delegated channels that are a text',
      request({ cascade: [{ channels: 'sms', through: 'twin' }] }),
      'cascade[0]',
      /no channel/,
    ],
    [
      'a delegated channel that is none',
      request({ cascade: [{ channels: ['telegram', 'fax'], through: 'twin' }] }),
      'cascade[0]',
      /"fax"/,
    ],
    [
      'a provider that runs no cascade',
      request({ cascade: [{ channels: ['sms', 'viber'], through: 'sms' }] }),
      'cascade[0]',
      /"sms" does not run a cascade of sms, viber itself/,
    ],
    [
      'a provider that runs a cascade, but not of this channel',
      request({ cascade: [{ channels: ['telegram', 'sms'], through: 'twin' }] }),
      'cascade[0]',
      /"twin" does not run a cascade of telegram, sms itself/,
    ],
    [
      'an until that is none',
      request({ cascade: [{ channel: 'sms', until: 'seen' }] }),
      'cascade[0].until',
      /accepted, delivered, read, clicked/,
    ],
    [
      'an onUnknown that is none',
      request({ cascade: [{ channel: 'sms', onUnknown: 'retry' }] }),
      'cascade[0].onUnknown',
      /advance, assume-sent, resend/,
    ],
    ['a within that is none', request({ cascade: [{ channel: 'sms', within: '2 minutes' }] }), 'cascade[0].within', /'2m'/],
    ['a within that is negative', request({ cascade: [{ channel: 'sms', within: -1 }] }), 'cascade[0].within', /'2m'/],
    ['a window without an end', request({ window: { from: '09:00' } }), 'window.to', /HH:MM/],
    ['a window that starts at 25:00', request({ window: { from: '25:00', to: '09:00' } }), 'window.from', /HH:MM/],
    [
      'a window in a zone that is none',
      request({ window: { from: '09:00', to: '21:00', timeZone: 'Mars' } }),
      'window.timeZone',
      /IANA/,
    ],
    [
      "a step's window that is none",
      request({ cascade: [{ channel: 'sms', window: { from: '9', to: '21:00' } }] }),
      'cascade[0].window.from',
      /HH:MM/,
    ],
    [
      "a window without anybody's time zone",
      request({ to: { phone: ada.phone }, window: { from: '09:00', to: '21:00' } }),
      'window',
      /defaults\.timeZone/,
    ],
    ['a sendAt without offset', request({ sendAt: '2026-11-25T09:00:00' }), 'sendAt', /ISO 8601 with an offset/],
    ['a sendAt that is no ISO 8601', request({ sendAt: 'Z 2026-11-25' }), 'sendAt', /ISO 8601 with an offset/],
    ['a sendAt that is no date', request({ sendAt: new Date('never') }), 'sendAt', /Unix milliseconds/],
    ['a sendAt beyond all dates', request({ sendAt: 1.8e18 }), 'sendAt', /Unix milliseconds/],
    [
      'a required that is no boolean',
      request({ cascade: [{ channel: 'sms', required: 'no' }] }),
      'cascade[0].required',
      /true nor/,
    ],
    ['a sendAt that is null', request({ sendAt: null }), 'sendAt', /Unix milliseconds/],
    ['an expiresAt that is none', request({ expiresAt: 'tomorrow' }), 'expiresAt', /ISO 8601/],
    ['an expiresAt that is over', request({ expiresAt: 0 }), 'expiresAt', /nothing would ever be sent/],
    ['an expiresAt before sendAt', request({ sendAt: 2000, expiresAt: 2000 }), 'expiresAt', /not after sendAt/],
    ['an empty idempotency key', request({ idempotencyKey: '' }), 'idempotencyKey', /leave it out, or give a key/],
    ['an idempotency key that is no text', request({ idempotencyKey: 5 }), 'idempotencyKey', /no text/],
    ['a category that is no text', request({ category: 7 }), 'category', /no text/],
    ['an empty category', request({ category: '' }), 'category', /empty/],
    ['metadata with a date', request({ metadata: { at: new Date(0) } }), 'metadata.at', /ISO string/],
    [
      'metadata with an object of a class',
      request({ metadata: { order: new Order() } }),
      'metadata.order',
      /an instance of Order/,
    ],
    [
      'metadata with an object of nothing known',
      request({ metadata: { order: Object.create(Object.create(Object.create(null))) } }),
      'metadata.order',
      /an instance of undefined/,
    ],
    ['metadata with a hole', request({ metadata: { list: [1, undefined] } }), 'metadata.list[1]', /a undefined/],
    ['metadata with a function', request({ metadata: { run() {} } }), 'metadata.run', /a function/],
    ['metadata with NaN', request({ metadata: { list: [1, Number.NaN] } }), 'metadata.list[1]', /finite/],
    [
      'neither template nor content',
      request({ content: undefined }),
      'template',
      /a template with variables, or content by channel/,
    ],
    ['content that is null', request({ content: null }), 'template', /content by channel/],
    ['content with a date', request({ content: { sms: { text: 'x', at: new Date(0) } } }), 'content.sms.at', /ISO string/],
    ['content that is a text', request({ content: 'Hello' }), 'template', /content by channel/],
    ['content beside a template', request({ template, variables: { name: 'Ada' } }), 'content', /one of the two/],
    ['content without text', request({ content: { sms: {} } }), 'content.sms.text', /text is missing/],
    ['content that is a text by channel', request({ content: { sms: 'Hello' } }), 'content.sms', /object/],
    ['an e-mail without subject', request({ content: { ...content, email: { text: 'x' } } }), 'content.email.subject', /subject/],
    ['content for no channel', request({ content: { ...content, smss: { text: 'x' } } }), 'content.smss', /sms, email, push/],
    ['a template that is a text', request({ content: undefined, template: 'hello' }), 'template', /defineTemplate/],
    ['a template that is null', request({ content: undefined, template: null }), 'template', /defineTemplate/],
    ['a variable that is missing', request({ content: undefined, template, variables: {} }), 'variables.name', /./],
    [
      'a variable of another type',
      request({ content: undefined, template, variables: { name: 'Ada', order: { id: '1' } } }),
      'variables.order.id',
      /./,
    ],
    [
      'a variable that is no JSON',
      request({ content: undefined, template, variables: { name: 'Ada', at: new Date(0) } }),
      'variables.at',
      /Date/,
    ],
    ['no variables', request({ content: undefined, template }), 'variables.name', /./],
    ['no request', undefined, '', /the request is missing: give \{ to, cascade/],
    ['null', null, '', /the request is missing/],
    ['a text', 'hello', '', /the request is missing/],
  ]

  test.each(cases)('%s', async (_, sent, path, message) => {
    const issues = await issuesOf(sent)
    expect(issues.map((issue) => issue.path)).toContain(path)
    expect(issues.find((issue) => issue.path === path)!.message).toMatch(message)
    expect(issues.filter((issue) => !issue.path.startsWith(path))).toEqual([])
  })
})

test('metadata that refers to itself is refused, not followed for ever', async () => {
  expect((await issuesOf(request({ metadata: circular })))[0]!.message).toMatch(/refers to itself/)
  const list: unknown[] = []
  list.push(list)
  expect((await issuesOf(request({ metadata: { list } })))[0]!.message).toMatch(/refers to itself/)
})

test('an expiresAt that is over is refused', async () => {
  const w = setUp()
  await w.to(60)
  await expect(w.send(request({ expiresAt: 60_000 }))).rejects.toMatchObject({ issues: [{ path: 'expiresAt' }] })
  await expect(w.send(request({ expiresAt: 60_001 }))).resolves.toMatchObject({ created: true })
})

test.each([
  ['the request', { requierd: true }, 'requierd'],
  ['a step', { cascade: [{ channel: 'sms', whithin: '2m' }] }, 'cascade[0].whithin'],
  ['a window', { window: { from: '09:00', to: '21:00', zone: 'UTC' } }, 'window.zone'],
])('a misspelt field of %s is named, and what there is', async (_, over, path) => {
  expect(await issuesOf(request(over))).toEqual([
    { path, message: expect.stringMatching(/^is unknown here: there are \w+, .*(window|within|timeZone)/) },
  ])
})

test.each([null, 'night'])('a window that is %o lacks both ends', async (window) => {
  expect(await pathsOf(request({ window }))).toEqual(['window.from', 'window.to'])
})

test('a request repeated under its key after it has expired gives the notification it gave before', async () => {
  const { clock, notifier, send } = setUp()
  const keyed = request({ idempotencyKey: 'order-1', expiresAt: 60_000 })
  const first = await send(keyed)
  await clock.advanceTo(120_000)
  await expect(send(keyed)).resolves.toEqual({ id: first.id, created: false })
  const late = await send(request({ idempotencyKey: 'order-2', expiresAt: 60_000 }))
  expect((await notifier.get(late.id))?.outcome?.status).toBe('expired')
})

test('an empty request names all that is missing', async () => {
  expect(await pathsOf({})).toEqual(['to', 'template', 'cascade'])
})

test('several mistakes come in one error', async () => {
  const sent = request({ to: { phone: '1', email: 'x' }, cascade: ['fax', { channel: 'sms', within: 'soon' }], sendAt: 'now' })
  expect(await pathsOf(sent)).toEqual(['to.phone', 'to.email', 'sendAt', 'cascade[0]', 'cascade[1].within'])
})

test('a cascade of which no step can apply says of each what it lacks', async () => {
  const issues = await issuesOf({
    to: { phone: ada.phone },
    content: { sms: { text: 'x' } },
    cascade: ['email', 'viber', { channel: 'telegram' }],
  })
  expect(issues.map(({ path, message }) => `${path} ${message}`)).toEqual([
    'cascade[0] cannot apply (no-content): give content for email',
    'cascade[1] cannot apply (no-content): give content for viber',
    'cascade[2] cannot apply (no-content): give content for telegram',
  ])
  const addresses = await issuesOf({ to: { telegram: 1 }, content, cascade: ['email', 'sms'] })
  expect(addresses.map(({ message }) => message)).toEqual([
    'cannot apply (no-address): give the recipient an address for email',
    'cannot apply (no-address): give the recipient an address for sms',
  ])
})

test('no value of the recipient, of the content or of the variables is echoed', async () => {
  const secret = 'S3CRET'
  const w = setUp()
  const wrong = {
    to: Object.fromEntries(
      ['phone', 'email', 'push', 'whatsapp', 'telegram', 'vk', 'timeZone'].map((key) => [
        key,
        key === 'telegram' || key === 'vk' ? {} : `${secret} ${key}`,
      ]),
    ),
    template,
    content: { sms: { text: secret }, email: { html: secret } },
    variables: { name: { secret }, [`${secret}-free`]: new Date(0) },
    cascade: ['sms'],
    idempotencyKey: '',
    sendAt: secret,
    window: { from: secret, to: secret, timeZone: secret },
  }
  const error = (await w.send(wrong).catch((thrown: unknown) => thrown)) as RequestError
  expect(error.issues.length).toBeGreaterThan(8)
  // The names of variables are the app's own and are named; their values are not.
  expect(error.message.replaceAll(`${secret}-free`, '')).not.toContain(secret)
})

describe('what is right', () => {
  const planned = async (changes: object) => {
    const w = setUp()
    const { id } = await w.send(request({ sendAt: 10_000, ...changes }))
    return w.record(id)
  }

  test('defaults: every rule of a step is filled in, and the record is due at its sendAt', async () => {
    expect(await planned({})).toMatchObject({
      createdAt: 0,
      sendAt: 10_000,
      dueAt: 10_000,
      expiresAt: null,
      timeZone: 'Europe/Prague',
      metadata: null,
      idempotencyKey: null,
      fingerprint: null,
      steps: [
        {
          channel: 'sms',
          delegated: null,
          through: null,
          required: false,
          until: 'delivered',
          within: 300_000,
          window: null,
          onUnknown: 'advance',
          state: 'pending',
          reason: null,
          dueAt: null,
          excluded: [],
          holds: 0,
          endedAt: null,
          attempts: [],
        },
      ],
      timeline: [{ type: 'notification.created', at: 0, sendAt: 10_000 }],
    })
    expect(await planned({ to: { phone: ada.phone } })).toMatchObject({ timeZone: 'UTC' })
  })

  test.each([
    [{ telegram: '@channelname' }],
    [{ vk: '42' }],
    [{ email: `${'a'.repeat(242)}@example.org` }],
    [{ whatsapp: '+12025550123' }],
    [{ phone: '+123456789012345' }],
    [{ push: { endpoint: 'https://push.example.org/1' } }],
  ])('an address: %o', async (address) => {
    expect(await planned({ to: { ...ada, ...address } })).toMatchObject({ to: address })
  })

  test('a step with rules keeps them; its own window replaces that of the request, and null lifts it', async () => {
    const window = { from: '09:00', to: '21:00' }
    const own = { from: '10:00', to: '12:00', timeZone: 'UTC' }
    expect(await planned({ to: { phone: ada.phone }, window: own })).toMatchObject({ steps: [{ window: own }] })
    const rules = { channel: 'sms', required: true, until: 'accepted', within: '1.5h', onUnknown: 'resend', through: 'sms' }
    const { steps } = await planned({
      window,
      cascade: [rules, 'sms', { channel: 'sms', window: own }, { channel: 'sms', window: null }],
    })
    expect(steps[0]).toMatchObject({ ...rules, within: 5_400_000, window })
    expect(steps.map((step) => step.window)).toEqual([window, window, own, null])
  })

  test.each([
    { from: '00:00', to: '24:00' },
    { from: '08:00', to: '08:00' },
  ])('a window that is always open is none: %o', async (window) => {
    expect((await planned({ window })).steps[0]!.window).toBeNull()
  })

  test.each([
    { from: '00:00', to: '08:00' },
    { from: '08:00', to: '24:00' },
  ])('a window that is open until or from midnight is one: %o', async (window) => {
    expect((await planned({ window })).steps[0]!.window).toEqual(window)
  })

  test('the last moment that there is', async () => {
    expect(await planned({ sendAt: 8.64e15 })).toMatchObject({ dueAt: 8.64e15 })
  })

  test('metadata, as it is: lists, nothings, and 64 levels of it', async () => {
    let deep: unknown = 'bottom'
    for (let level = 0; level < 64; level++) deep = [deep]
    const metadata = { deep, none: null, list: ['a', 1, true, null], bare: Object.assign(Object.create(null), { a: 1 }) }
    expect((await planned({ metadata })).metadata).toEqual(metadata)
    await expect(planned({ metadata: { deep: [[deep]] } })).rejects.toThrow(/nested too deeply/)
  })

  test.each([new Date(20_000), 20_000, '1970-01-01T00:00:20Z', '1970-01-01T01:00:20+01:00', '1970-01-01T01:00:20+0100'])(
    'a moment: %o',
    async (sendAt) => {
      expect(await planned({ sendAt, expiresAt: 30_000 })).toMatchObject({ sendAt: 20_000, dueAt: 20_000, expiresAt: 30_000 })
    },
  )

  test('a sendAt that is over means now', async () => {
    const w = setUp()
    await w.to(60)
    const { id } = await w.send(request({ sendAt: 1000 }))
    await w.to(60)
    expect(w.times('attempt.started')).toEqual([60])
    expect(await w.record(id)).toMatchObject({ sendAt: 1000, createdAt: 60_000 })
    const context = { id: 'n2', now: 60_000, providers, retry: { attempts: 1, baseDelay: 0, maxDelay: 0 }, within: () => 0 }
    expect(plan(request({ sendAt: 1000 }), { ...context, timeZone: null })).toMatchObject({ dueAt: 60_000 })
  })

  test("of a row of a database the recipient's own fields are kept, nulls left out", async () => {
    const row = { ...ada, email: null, locale: undefined, passwordHash: 'S3CRET', orders: [circular], createdAt: new Date() }
    expect((await planned({ to: row })).to).toEqual({ ...ada, email: undefined })
    expect(JSON.stringify(await planned({ to: row }))).not.toContain('S3CRET')
  })

  test('a record is plain JSON', async () => {
    const record = await planned({
      to: { ...ada, push: { endpoint: 'https://push.example.org/1', keys: { p256dh: 'a', auth: 'b' } } },
      content: undefined,
      template,
      variables: { name: 'Ada', order: undefined },
      metadata: { list: [1, { deep: true }], none: undefined },
      idempotencyKey: 'k',
    })
    expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record)
    expect(record).toMatchObject({ message: { template: { id: 'hello', version: '1' }, variables: { name: 'Ada' } } })
  })

  test('a record is a copy, down to a key that names a prototype', async () => {
    const metadata = JSON.parse('{"__proto__":{"order":"1"},"lines":[{"count":1}]}')
    const record = plan(request({ metadata }), {
      id: 'n1',
      now: 0,
      providers,
      retry: { attempts: 1, baseDelay: 0, maxDelay: 0 },
      within: () => 0,
      timeZone: null,
    })
    metadata.lines[0].count = 2
    expect(JSON.stringify(record.metadata)).toBe('{"__proto__":{"order":"1"},"lines":[{"count":1}]}')
    expect(Object.getPrototypeOf(record.metadata)).toBe(Object.prototype)
  })

  test('a delegated step applies when any of its channels has content and an address', async () => {
    const steps = async (to: object) =>
      (
        await planned({
          to: { phone: ada.phone, ...to },
          content: { sms: content.sms, telegram: content.telegram },
          cascade: [{ channels: ['telegram', 'whatsapp'], through: 'twin' }, 'sms'],
        })
      ).steps
    expect(await steps({ telegram: 42 })).toMatchObject([
      { channel: 'telegram', delegated: ['telegram', 'whatsapp'], state: 'pending' },
      {},
    ])
    // WhatsApp has an address, and no content; Telegram has content, and no address.
    expect(await steps({})).toMatchObject([{ state: 'skipped', reason: 'no-address', endedAt: 0 }, { state: 'pending' }])
  })

  test('a step applies when any provider of its channel can send to the recipient, and is told of when none can', async () => {
    const gateway = scriptedProvider({ name: 'gateway', channels: ['telegram'] })
    const both = world([
      scriptedProvider({ channels: ['telegram'] }),
      { ...gateway, addresses: { telegram: ['phone'] } },
      providers[0]!,
    ])
    const byPhone = await both.send(['telegram', 'sms'], { to: { phone: ada.phone }, sendAt: 1000 })
    expect(await both.states(byPhone)).toEqual(['pending', 'pending'])
    const record = await planned({ to: { phone: ada.phone }, cascade: ['email', 'sms'] })
    expect(record.timeline).toEqual([
      { type: 'notification.created', at: 0, sendAt: 10_000 },
      { type: 'step.skipped', at: 0, step: 0, channel: 'email', reason: 'no-address' },
    ])
  })
})
