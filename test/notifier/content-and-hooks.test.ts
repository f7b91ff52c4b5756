// What can go wrong between the moment a step's turn has come and the call of its provider.
import { defineTemplate, formatTimeline, type LinkRewriter, memoryStore, RequestError, SendError, StoreError } from 'omnicascade'
import { accept, fail, gate, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import '../../src/text/sms.ts'
import { world } from '../support/world.ts'
import { turn } from './support.ts'

const sms = (...replies: ReturnType<typeof fail>[]) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })
const email = () => scriptedProvider({ channels: ['email'], receipts: 'none' })

const hello = defineTemplate({
  id: 'hello',
  version: 2,
  variables: z.object({ name: z.string() }),
  content: { sms: ({ name }) => ({ text: `Hello ${name}` }), email: ({ name }) => ({ subject: 'Hello', text: name }) },
})
const viaTemplate = { content: undefined as never, template: hello as never, variables: { name: 'Ada' } }

describe('a template that this process does not know', () => {
  test('holds the step, a minute at a time, and tells the operator; a process that knows it sends, and nothing was lost', async () => {
    const store = memoryStore()
    const fresh = world([sms()], { store, scheduler: 'manual' })
    const old = world([sms()], { store, scheduler: 'manual' })
    const id = await fresh.send(['sms'], { ...viaTemplate, sendAt: 1000 })
    for (const w of [fresh, old]) await w.to(1)
    await old.notifier.tick()
    expect(old.events.filter(({ type }) => type === 'template.missing')).toMatchObject([
      { at: 1000, id, template: 'hello', version: '2' },
    ])
    expect(old.times('step.held')).toEqual([1])
    expect((await old.record(id)).dueAt).toBe(61_000)
    for (const w of [fresh, old]) await w.to(61)
    await old.notifier.tick()
    expect(old.times('template.missing')).toEqual([1, 61])
    for (const w of [fresh, old]) await w.to(121)
    await fresh.notifier.tick()
    expect(await fresh.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
  })

  test('is known once it is registered: by a send of its own, or from the start', async () => {
    const store = memoryStore()
    const first = world([sms()], { store })
    const id = await first.send(['sms'], { ...viaTemplate, sendAt: 10_000 })
    const other = await first.send(['sms'], { ...viaTemplate, sendAt: 80_000 })
    await first.notifier.close()
    const provider = sms()
    const second = world([provider], { store, createId: () => 'x1' })
    await second.to(10)
    expect(provider.calls).toHaveLength(0)
    await second.send(['sms'], viaTemplate)
    await second.to(70)
    expect((await second.outcome(id))?.status).toBe('delivered')
    await second.notifier.close()
    const third = world([sms()], { store, start: 80_000, templates: [hello as never] })
    await third.to(1)
    expect((await third.outcome(other))?.status).toBe('delivered')
  })

  test('of another version is another template', async () => {
    const store = memoryStore()
    const w = world([sms()], { store, templates: [{ ...hello, version: '1' } as never], scheduler: 'manual' })
    const fresh = world([sms()], { store, scheduler: 'manual' })
    await fresh.send(['sms'], { ...viaTemplate, sendAt: 1000 })
    await w.to(1)
    await w.notifier.tick()
    expect(w.times('template.missing')).toEqual([1])
  })
})

describe('beforeSend', () => {
  test('is told the category of the request', async () => {
    const told: unknown[] = []
    const w = world([sms()], { beforeSend: (_, record) => void told.push(record.category) })
    await w.send(['sms'], { category: 'orders' })
    await w.send(['sms'])
    expect(told).toEqual(['orders', undefined])
  })

  test('of declared categories is told no other', async () => {
    const w = world([sms()], { categories: ['orders', 'security'] })
    await w.send(['sms'], { category: 'orders' })
    await expect(w.send(['sms'], { category: 'secutiry' })).rejects.toThrow(RequestError)
    await expect(w.send(['sms'], { category: 'secutiry' })).rejects.toThrow('category: is none of orders, security')
  })

  test('is asked once for each start, with the step and the record, at the moment the step starts', async () => {
    const asked: string[] = []
    const w = world([sms(accept(), fail('recipient')), email()], {
      beforeSend: (step, record) => {
        asked.push(`${record.id} ${step.channel} at ${w.clock.now()}`)
        return undefined
      },
    })
    await w.send(['sms', 'email'], { sendAt: 5000 })
    await w.send(['sms'])
    await w.to(5)
    expect(asked).toEqual(['n2 sms at 0', 'n1 sms at 5000', 'n1 email at 5000'])
  })

  test('is asked once too when it takes its time', async () => {
    let asked = 0
    const provider = sms()
    const w = world([provider], {
      beforeSend: async () => {
        asked++
        await turn()
        return true
      },
    })
    await w.send(['sms'])
    await turn()
    await w.to(1)
    expect([asked, provider.calls.length]).toEqual([1, 1])
  })

  // biome-ignore lint/suspicious/noThenProperty: promises of other libraries are objects with a `then`
  const lookalike = { then: (use: (said: boolean) => void) => use(false) }
  const says =
    <T>(value: T) =>
    () =>
      value
  test.each([
    ['true', says(true), 'succeeded', null],
    ['undefined', says(undefined), 'succeeded', null],
    ['false', says(false), 'skipped', 'vetoed: beforeSend'],
    ['a reason', says('opted out'), 'skipped', 'vetoed: opted out'],
    ['the reason "failed"', says('failed'), 'skipped', 'vetoed: failed'],
    ['a promise of false', says(Promise.resolve(false)), 'skipped', 'vetoed: beforeSend'],
    ['what only looks like a promise of false', says(lookalike), 'skipped', 'vetoed: beforeSend'],
  ] as const)('that says %s', async (_, beforeSend, state, reason) => {
    const w = world([sms()], { beforeSend: beforeSend as never })
    const id = await w.send(['sms'])
    await w.to(1)
    expect((await w.record(id)).steps[0]).toMatchObject({ state, reason })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('crm down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('crm down'))],
  ] as const)('that %s holds the step for a minute, and the error is told', async (_, failing) => {
    let working = false
    const provider = sms()
    const w = world([provider], { beforeSend: () => (working ? true : failing()) })
    const id = await w.send(['sms'])
    await w.to(59)
    expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([{ id, at: 0, error: { message: 'crm down' } }])
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ until: 60_000, reason: 'hook' }])
    expect(provider.calls).toHaveLength(0)
    working = true
    await w.to(60)
    expect(provider.calls).toHaveLength(1)
    expect(await w.states(id)).toEqual(['succeeded'])
  })

  test('that names a later moment puts the step off until then, and is asked again', async () => {
    const provider = sms()
    const asked: number[] = []
    const w = world([provider], {
      beforeSend: () => {
        asked.push(w.clock.now())
        return w.clock.now() < 90_000 ? { until: 90_000 } : undefined
      },
    })
    const id = await w.send(['sms'])
    await w.to(89)
    expect(provider.calls).toHaveLength(0)
    expect(formatTimeline(await w.record(id))).toContain('waits until 00:01:30: the app has put it off')
    await w.to(90)
    expect([asked, provider.calls.length]).toEqual([[0, 90_000], 1])
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ until: 90_000, reason: 'host' }])
  })

  test('that puts a step off until after it expires lets it expire', async () => {
    const w = world([sms()], { beforeSend: () => ({ until: 90_000 }) })
    const id = await w.send(['sms'], { expiresAt: 60_000 })
    await w.to(60)
    expect(await w.outcome(id)).toMatchObject({ status: 'expired' })
  })

  test('that names a moment gone by is asked again after a second, and no moment at all is a fault', async () => {
    const asked: number[] = []
    const says = [0, Number.NaN, Number.POSITIVE_INFINITY]
    const w = world([sms()], {
      beforeSend: () => {
        asked.push(w.clock.now())
        const until = says.shift()
        return until === undefined ? true : { until }
      },
    })
    const id = await w.send(['sms'])
    await w.to(200)
    expect(asked).toEqual([0, 1000, 61_000, 121_000])
    expect(w.times('error')).toEqual([1, 61])
    expect(await w.states(id)).toEqual(['succeeded'])
  })

  test('is asked again after a wait for a permit: who was suppressed meanwhile is not sent to, and the next one is', async () => {
    const first = gate()
    const limited = scriptedProvider({ channels: ['sms'], receipts: 'none', limits: { concurrency: 1 }, replies: [first.reply] })
    const suppressed = new Set<string>()
    const w = world([limited], { beforeSend: (_, { id }) => (suppressed.has(id) ? 'unsubscribed' : undefined) })
    const ids = [await w.send(['sms']), await w.send(['sms']), await w.send(['sms'])] as const
    suppressed.add(ids[1])
    first.release()
    await w.to(1)
    expect(limited.calls.map(({ notificationId }) => notificationId)).toEqual([ids[0], ids[2]])
    expect((await w.record(ids[1])).steps).toMatchObject([{ state: 'skipped', reason: 'vetoed: unsubscribed' }])
  })

  test('that never answers holds the step after 30 seconds, with an error event, and keeps nobody from closing', async () => {
    let silent = true
    const provider = sms()
    const w = world([provider], { beforeSend: () => (silent ? new Promise<boolean>(() => {}) : true) })
    const id = await w.send(['sms'])
    await w.to(29)
    expect(w.times('error')).toEqual([])
    await w.to(30)
    const told = w.events.filter(({ type }) => type === 'error')
    expect(told).toMatchObject([{ id, error: { message: expect.stringContaining('beforeSend did not answer') } }])
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ reason: 'hook', until: 90_000 }])
    await w.notifier.idle()
    silent = false
    await w.to(90)
    expect(provider.calls).toHaveLength(1)
  })

  test.each(['at once', 'later'])(
    'that answers %s is not asked again, nor a shortener, when a send is repeated under its key',
    async (when) => {
      const asked: string[] = []
      const w = world([sms()], {
        beforeSend: (_, { id }) => {
          asked.push(`hook for ${id}`)
          return when === 'later' ? Promise.resolve(true) : true
        },
        links: {
          channels: ['sms'],
          async rewrite(text, { notificationId }) {
            asked.push(`links for ${notificationId}`)
            return { text, links: [], failures: [] }
          },
        },
      })
      for (let i = 0; i < 3; i++) {
        await w.send(['sms'], { idempotencyKey: 'order-1' })
        await w.to(i)
      }
      expect(asked).toEqual(['hook for n1', 'links for n1'])
      expect((await w.outcome('n1'))?.status).toBe('delivered')
    },
  )
})

describe('content that cannot be sent', () => {
  const refusals = (w: ReturnType<typeof world>) => w.events.filter(({ type }) => type === 'content.refused')

  test('a template that throws when its step starts: next step at once, and one warning that says where', async () => {
    const template = defineTemplate({
      id: 'hello',
      variables: z.object({ name: z.string() }),
      content: {
        sms: () => {
          throw new Error('no such word')
        },
        email: ({ name }) => ({ subject: 'Hello', text: name }),
      },
    })
    const w = world([sms(), email()])
    const id = await w.send(['sms', 'email'], { ...viaTemplate, template: template as never })
    await w.to(1)
    expect(refusals(w)).toMatchObject([
      { id, step: 0, channel: 'sms', failure: { kind: 'content', message: expect.stringContaining('template "hello" (sms)') } },
    ])
    expect(await w.states(id)).toEqual(['failed', 'succeeded'])
    expect(w.times('attempt.started')).toEqual([0])
  })

  test('a template that throws something foreign: the same, and nothing of it is told', async () => {
    const template = {
      ...hello,
      render: () => {
        throw new TypeError('S3CRET')
      },
    }
    const w = world([sms()])
    const id = await w.send(['sms'], { ...viaTemplate, template: template as never })
    await w.to(1)
    expect(refusals(w)).toMatchObject([{ failure: { kind: 'content', message: 'the content could not be rendered' } }])
    expect(await w.states(id)).toEqual(['failed'])
  })

  test('variables that a newer template no longer takes: the same', async () => {
    const store = memoryStore()
    const first = world([sms()], { store })
    const id = await first.send(['sms'], { ...viaTemplate, sendAt: 1000 })
    await first.notifier.close()
    const stricter = defineTemplate({
      id: 'hello',
      version: 2,
      variables: z.object({ name: z.string().max(1) }),
      content: { sms: () => ({ text: '' }) },
    })
    const w = world([sms()], { store, templates: [stricter as never] })
    await w.to(1)
    expect(refusals(w)).toMatchObject([
      { id, failure: { kind: 'content', message: expect.stringContaining('no longer fit its schema: variables.name') } },
    ])
  })

  test("an SMS that the notifier's policy refuses: the same, naming the field", async () => {
    const w = world([sms(), email()], { defaults: { sms: { maxSegments: 1 } } })
    const id = await w.send(['sms', 'email'], { content: { sms: { text: 'x'.repeat(161) }, email: { subject: 'x', text: 'x' } } })
    await w.to(1)
    expect(refusals(w)).toMatchObject([{ failure: { kind: 'content', field: 'text' } }])
    expect(await w.states(id)).toEqual(['failed', 'succeeded'])
  })

  test('a vendor that refuses the content: one warning, naming the field', async () => {
    const w = world([sms(fail('content', 'too long', { field: 'text', code: 'TOO_LONG' })), email()])
    const id = await w.send(['sms', 'email'])
    await w.to(1)
    expect(refusals(w)).toMatchObject([
      { id, step: 0, channel: 'sms', failure: { kind: 'content', field: 'text', code: 'TOO_LONG' } },
    ])
    expect(await w.states(id)).toEqual(['failed', 'succeeded'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('a bug of the schema')
      },
    ],
    ['rejects', () => Promise.reject(new Error('a bug of the schema'))],
  ])('a template whose schema %s fails the step, and the next one begins', async (_, fails) => {
    let calls = 0
    const template = { ...hello, validate: (given: unknown) => (++calls === 2 ? fails() : hello.validate(given)) }
    const w = world([sms(), email()])
    const id = await w.send(['sms', 'email'], { ...viaTemplate, template: template as never, sendAt: 1000 })
    await w.to(1)
    expect(refusals(w)).toMatchObject([{ id, failure: { kind: 'content', message: 'the content could not be rendered' } }])
    expect(await w.states(id)).toEqual(['failed', 'succeeded'])
  })

  test.each([
    ['a store that fails', new StoreError('postgres', 'unavailable', 'down'), 60],
    ['what may pass', new SendError('transient', 'busy', { retryAfter: 5000 }), 5],
  ])('a template that meets %s holds the step', async (_, error, wait) => {
    let isDown = false
    const validate = (given: unknown) => {
      if (isDown) throw error
      return hello.validate(given)
    }
    const w = world([sms(), email()])
    const request = { ...viaTemplate, template: { ...hello, validate } as never, sendAt: 1000 }
    const id = await w.send(['sms', 'email'], request)
    isDown = true
    await w.to(1)
    expect(await w.states(id)).toEqual(['ready', 'pending'])
    expect(w.events.filter(({ type }) => type === 'step.held')).toMatchObject([{ until: (1 + wait) * 1000, reason: 'hook' }])
    expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([{ id, error }])
    isDown = false
    await w.to(1 + wait)
    expect(await w.states(id)).toEqual(['succeeded', 'skipped'])
  })

  test('a schema that answers later is waited for', async () => {
    const template = { ...hello, validate: async (given: unknown) => hello.validate(given) }
    const provider = sms()
    const w = world([provider])
    await w.send(['sms'], { ...viaTemplate, template: template as never })
    await w.to(1)
    expect(provider.calls).toMatchObject([{ content: { text: 'Hello Ada' } }])
  })
})

describe('links', () => {
  const rewriter = (fails: boolean, asked: unknown[] = []): LinkRewriter => ({
    channels: ['sms'],
    async rewrite(text, context) {
      asked.push(context)
      const long = 'https://long.example/path?token=S3CRET'
      await turn()
      return fails
        ? { text, links: [], failures: [{ long, message: 'the shortener took too long' }] }
        : { text: text.replace(long, 'https://s.example/1'), links: [{ long, short: 'https://s.example/1' }], failures: [] }
    },
  })
  const text = 'Track it: https://long.example/path?token=S3CRET'
  const content = { sms: { text }, email: { subject: 'x', text } }

  test('are shortened once, on the channels that ask for it', async () => {
    const asked: unknown[] = []
    const [one, two] = [sms(fail('recipient')), email()]
    const w = world([one, two], { links: rewriter(false, asked) })
    const id = await w.send(['sms', 'email'], { content })
    await turn()
    await w.to(1)
    expect(one.calls).toMatchObject([{ content: { text: 'Track it: https://s.example/1' } }])
    expect(two.calls).toMatchObject([{ content: { text } }])
    expect(asked).toEqual([{ channel: 'sms', notificationId: id, dryRun: false }])
  })

  test('that stay long go out long, and an event names the host alone', async () => {
    const provider = sms()
    const w = world([provider], { links: rewriter(true) })
    const id = await w.send(['sms'], { content })
    await turn()
    await w.to(1)
    expect(provider.calls).toMatchObject([{ content: { text } }])
    const failed = w.events.filter(({ type }) => type === 'link.failed')
    expect(failed).toEqual([
      { type: 'link.failed', at: 0, id, channel: 'sms', host: 'long.example', message: 'the shortener took too long' },
    ])
  })

  test('are counted by the policy after they are shortened', async () => {
    const provider = sms()
    const w = world([provider], { links: rewriter(false), defaults: { sms: { maxSegments: 1 } } })
    const id = await w.send(['sms'], { content: { sms: { text: `${'x'.repeat(120)} https://long.example/path?token=S3CRET` } } })
    await turn()
    await w.to(1)
    expect(await w.states(id)).toEqual(['succeeded'])
  })
})
