import { defineTemplate, type LinkRewriter, memoryStore, type NotificationStore } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ada, content, world } from '../support/world.ts'

const telegram = scriptedProvider({ channels: ['telegram'], receipts: 'none' })
const sms = scriptedProvider({ channels: ['sms'], receipts: 'full' })
const viber = scriptedProvider({ channels: ['viber'], receipts: 'failures' })
const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
const twin = scriptedProvider({ name: 'twin', channels: ['whatsapp', 'vk'], receipts: 'full', delegates: true })
const providers = [telegram, sms, viber, email, twin]

/** Shortens `https://long.example/x` to `https://s.example/1`, and remembers how it was asked. */
function links() {
  const asked: { channel: string; dryRun: boolean }[] = []
  const rewriter: LinkRewriter = {
    channels: ['sms'],
    rewrite(text, { channel, dryRun }) {
      asked.push({ channel, dryRun })
      const long = 'https://long.example/x'
      if (!text.includes(long)) return undefined
      const short = 'https://s.example/1'
      return Promise.resolve({ text: text.replaceAll(long, short), links: [{ long, short }], failures: [] })
    },
  }
  return { asked, rewriter }
}

const explain = (request: object, options: Parameters<typeof world>[1] = {}) => {
  const w = world(providers, options)
  return w.notifier.explain({ to: ada, content, ...request } as never)
}
const seconds = (steps: readonly { readonly startsAt: number | null }[]) =>
  steps.map(({ startsAt }) => startsAt && startsAt / 1000)

describe('when each step would start, if all before it were silent or failed', () => {
  test('at once, when what is before can only fail; after its wait, when what is before can be silent', async () => {
    const { steps, sendAt, expiresAt } = await explain({
      cascade: ['telegram', { channel: 'sms', within: '2m' }, { channel: 'email', required: true }, 'viber'],
      sendAt: 10_000,
    })
    expect([sendAt, expiresAt]).toEqual([10_000, null])
    expect(seconds(steps)).toEqual([10, 10, 10, 130])
    expect(steps.map(({ when }) => when)).toEqual([
      'at once',
      'if the steps before fail',
      'at once',
      'if the steps before have not delivered by then',
    ])
    expect(steps.map(({ channel, required, applies, reason, within }) => [channel, required, applies, reason, within])).toEqual([
      ['telegram', false, true, null, 300_000],
      ['sms', false, true, null, 120_000],
      ['email', true, true, null, 300_000],
      ['viber', false, true, null, 300_000],
    ])
  })

  test("with a window: every step waits for its opening, in the recipient's zone, also on the day the clocks go back", async () => {
    const { steps } = await explain(
      {
        cascade: [{ channel: 'sms', within: '12h' }, 'telegram', { channel: 'email', window: null }],
        window: { from: '09:00', to: '21:00' },
      },
      { start: Date.parse('2026-10-24T22:30:00+02:00') },
    )
    expect(steps.map(({ startsAt }) => startsAt && new Date(startsAt).toISOString())).toEqual([
      '2026-10-25T08:00:00.000Z',
      '2026-10-26T08:00:00.000Z',
      '2026-10-26T08:00:00.000Z',
    ])
  })

  test('a step that would start after the notification has expired never does', async () => {
    const { steps, expiresAt } = await explain({ cascade: [{ channel: 'sms', within: '2m' }, 'telegram'], expiresAt: 60_000 })
    expect(expiresAt).toBe(60_000)
    expect(steps.map(({ startsAt, applies }) => [startsAt, applies])).toEqual([
      [0, true],
      [null, true],
    ])
  })

  test('what happens then is what was explained', async () => {
    const request = { cascade: [{ channel: 'sms', within: '2m' }, { channel: 'whatsapp', within: '90s' }, 'email'] } as const
    const { steps } = await explain(request)
    const w = world(providers)
    await w.send(request.cascade)
    await w.to(3600)
    expect(w.times('attempt.started')).toEqual(seconds(steps))
  })
})

describe('what a step would do', () => {
  test('content with short links, counted as an SMS is, asked for as a dry run', async () => {
    const { asked, rewriter } = links()
    const text = `Привіт! https://long.example/x`
    const { steps } = await explain({ content: { sms: { text } }, cascade: ['sms'] }, { links: rewriter })
    expect(steps[0]).toMatchObject({
      content: { sms: { text: 'Привіт! https://s.example/1' } },
      links: [{ long: 'https://long.example/x', short: 'https://s.example/1' }],
      segments: { encoding: 'ucs-2', segments: 1, units: 27, forcing: ['П', 'р', 'и', 'в', 'і', 'т'] },
      failure: null,
    })
    expect(asked).toEqual([{ channel: 'sms', dryRun: true }])
  })

  test('which providers would be tried, and that a delegated step goes through its own', async () => {
    const other = scriptedProvider({ name: 'other', channels: ['sms'], addresses: { sms: ['viber'] } })
    const w = world([...providers, other])
    const { steps } = await w.notifier.explain({
      to: ada,
      content,
      cascade: ['sms', { channels: ['whatsapp', 'vk'], through: 'twin' }],
    })
    expect(steps.map((step) => step.providers)).toEqual([['sms'], ['twin']])
    expect(steps[1]!.content).toEqual({ whatsapp: content.whatsapp, vk: content.vk })
    expect(steps.map(({ segments }) => segments?.segments)).toEqual([1, undefined])
  })

  test('why a step would not apply', async () => {
    const { steps } = await explain({
      to: { email: ada.email },
      content: { email: content.email, sms: content.sms },
      cascade: ['telegram', 'sms', 'email'],
    })
    expect(
      steps.map(({ applies, reason, when, startsAt, content: rendered, providers: names }) => ({
        applies,
        reason,
        when,
        startsAt,
        rendered,
        names,
      })),
    ).toEqual([
      { applies: false, reason: 'no-content', when: null, startsAt: null, rendered: null, names: [] },
      { applies: false, reason: 'no-address', when: null, startsAt: null, rendered: null, names: [] },
      { applies: true, reason: null, when: 'at once', startsAt: 0, rendered: { email: content.email }, names: ['email'] },
    ])
  })

  test('a template that throws, and an SMS that its policy refuses, are failures of their steps alone', async () => {
    const template = defineTemplate({
      id: 'hello',
      variables: z.object({ name: z.string() }),
      content: {
        telegram: () => {
          throw new Error('no such word')
        },
        sms: ({ name }) => ({ text: `Hello ${name}` }),
        email: ({ name }) => ({ subject: 'Hello', text: name }),
      },
      sms: { unicode: 'reject' },
    })
    const { steps } = await explain({
      content: undefined,
      template,
      variables: { name: 'Йосип' },
      cascade: ['telegram', 'sms', 'email'],
    })
    expect(steps.map(({ failure }) => failure?.kind)).toEqual(['content', 'content', undefined])
    expect(steps[0]!.failure!.message).toContain('template "hello" (telegram)')
    expect(steps[1]!.failure).toMatchObject({ field: 'text', message: expect.stringContaining('UCS-2') })
    expect(steps.map((step) => step.content)).toEqual([null, null, { email: { subject: 'Hello', text: 'Йосип' } }])
  })

  test("the template's own locale is the recipient's, or else the notifier's", async () => {
    const template = defineTemplate({
      id: 'hello',
      variables: z.object({}),
      content: { sms: () => ({ text: 'Hello' }) },
      locales: { uk: { sms: () => ({ text: 'Привіт' }) } },
    })
    const textFor = async (to: object, locale?: string) => {
      const { steps } = await explain(
        { to: { ...ada, ...to }, content: undefined, template, variables: {}, cascade: ['sms'] },
        locale === undefined ? {} : { defaults: { locale } },
      )
      return steps[0]!.content?.sms?.text
    }
    expect(await textFor({})).toBe('Hello')
    expect(await textFor({ locale: 'uk-UA' })).toBe('Привіт')
    expect(await textFor({}, 'uk')).toBe('Привіт')
    expect(await textFor({ locale: 'cs' }, 'uk')).toBe('Hello')
  })
})

test('nothing is sent, stored, emitted or timed', async () => {
  const touched: string[] = []
  const memory = memoryStore()
  const store: NotificationStore = {
    ...memory,
    insert: (record) => {
      touched.push('insert')
      return memory.insert(record)
    },
    update: (record, version) => {
      touched.push('update')
      return memory.update(record, version)
    },
  }
  const asked: string[] = []
  const w = world(providers, { store, beforeSend: () => asked.push('beforeSend') > 0 })
  const calls = providers.map((provider) => provider.calls.length)
  await w.notifier.explain({ to: ada, content, cascade: ['telegram', 'sms', 'email'], idempotencyKey: 'k' })
  await w.to(3600)
  expect([touched, asked, w.events, w.clock.timers]).toEqual([[], [], [], 0])
  expect(providers.map((provider) => provider.calls.length)).toEqual(calls)
})

test('a request that cannot work is refused as it would be by send', async () => {
  await expect(explain({ cascade: ['push'] })).rejects.toMatchObject({ issues: [{ path: 'cascade[0]' }] })
})
