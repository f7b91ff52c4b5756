// Whole notifications over a protected store, with a second process that knows them from the store alone.
import { createNotifier, defineTemplate, memoryStore, type NotificationRecord } from 'omnicascade'
import { protect } from 'omnicascade/stores/protect'
import { accept, fail, gate, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { world } from '../support/world.ts'
import { aes, observed } from './protect-support.ts'

const to = { phone: '+420777123456', email: 'ada@example.org', userId: 'user-1815', timeZone: 'Europe/Prague' } as const
const content = { sms: { text: 'Your code is 7391' }, email: { subject: 'Code', text: 'It is 7391' } }
const link = 'https://example.org/?token=ab12'
const personal = /777123456|ada@example|1815|7391|Lovelace|ab12|vip-42|DELIVRD-to/
const metadata = { segment: 'vip-42' }

describe('sealed', () => {
  test('at no version does the store hold who was told what, and another process sends it all the same', async () => {
    const { store, written } = observed()
    const hooks = aes()
    const sms = scriptedProvider({ channels: ['sms'], replies: [fail('recipient')] })
    const email = scriptedProvider({ channels: ['email'] })
    const options = { store: protect(store, hooks), scheduler: 'manual' } as const
    const one = world([scriptedProvider({ channels: ['sms'] }), scriptedProvider({ channels: ['email'] })], options)
    const other = world([sms, email], { ...options, store: protect(store, hooks) })
    const id = await one.send(['sms', 'email'], { to, content, metadata, sendAt: 10_000, idempotencyKey: 'order-1' })
    await other.to(10)
    await other.notifier.tick()
    await other.notifier.idle()
    await other.notifier.tick()
    await other.notifier.idle()
    expect(sms.calls.map((call) => [call.to, call.content])).toEqual([[to.phone, content.sms]])
    expect(email.calls.map((call) => [call.to, call.content, call.recipient])).toEqual([[to.email, content.email, to]])
    await other.receipt('email', 'clicked', `${id}.1.0`, { link, raw: 'DELIVRD-to-420777123456' })
    const record = await one.record(id)
    expect(record).toMatchObject({ to, message: { content }, metadata, outcome: { status: 'delivered', by: 'email' } })
    expect(record.timeline).toContainEqual(expect.objectContaining({ type: 'attempt.receipt', status: 'clicked', link }))
    expect(await one.send(['sms', 'email'], { to, content, metadata, sendAt: 10_000, idempotencyKey: 'order-1' })).toBe(id)
    const another = one.send(['sms', 'email'], { to, content, sendAt: 10_000, idempotencyKey: 'order-1' })
    await expect(another).rejects.toMatchObject({ code: 'idempotency-conflict', fields: ['metadata'] })
    expect(written.length).toBeGreaterThan(5)
    expect(written.filter((text) => personal.test(text))).toEqual([])
  })

  test('variables of a template are hidden too, and its text is rendered from them in another process', async () => {
    const { store, written } = observed()
    const hooks = aes()
    const greeting = defineTemplate({
      id: 'greeting',
      version: '1',
      variables: z.object({ name: z.string() }),
      content: { sms: ({ name }) => ({ text: `Hello, ${name}` }) },
    })
    const sms = scriptedProvider({ channels: ['sms'], receipts: 'none' })
    const one = createNotifier({
      ...{ providers: [scriptedProvider({ channels: ['sms'] })], scheduler: 'manual', clock: virtualClock(0) },
      store: protect(store, hooks),
    })
    const { id } = await one.send({
      ...{ to: { phone: to.phone }, template: greeting, variables: { name: 'Lovelace' }, cascade: ['sms'], sendAt: 10_000 },
    })
    const two = world([sms], { start: 10_000, scheduler: 'manual', templates: [greeting], store: protect(store, hooks) })
    await two.notifier.tick()
    await two.notifier.idle()
    expect(sms.calls.map((call) => call.content)).toEqual([{ text: 'Hello, Lovelace' }])
    expect((await two.record(id)).outcome?.status).toBe('delivered')
    expect(written.filter((text) => personal.test(text))).toEqual([])
    expect(written.at(-1)).toContain('"greeting"')
  })

  test('a receipt that comes before its message is known is parked sealed, and applied once it is', async () => {
    const { store, written } = observed()
    const send = gate()
    const w = world([scriptedProvider({ channels: ['sms'], replies: [send.reply] })], { store: protect(store, aes()) })
    const id = await w.send(['sms'], { to, content })
    for (let i = 0; i < 2; i++)
      expect(await w.receipt('sms', 'clicked', 'm-7', { link, at: 5, raw: 'DELIVRD-to' })).toMatchObject({ parked: 1 })
    send.release(accept({ messageId: 'm-7' }))
    await w.notifier.idle()
    const { outcome, timeline } = await w.record(id)
    expect(outcome?.status).toBe('delivered')
    expect(timeline.filter(({ type }) => type === 'attempt.receipt')).toEqual([
      expect.objectContaining({ link, raw: 'DELIVRD-to' }),
    ])
    expect(await store.findParked('sms', ['m-7'], 6)).toEqual([])
    expect(written.filter((text) => personal.test(text))).toEqual([])
  })
})

describe('redacted at its settlement', () => {
  const silent = () => scriptedProvider({ channels: ['sms'] })
  const request = { to, content, metadata, idempotencyKey: 'order-1' }

  test.each(['content', 'personal'] as const)('%s: a late receipt still corrects the outcome', async (redact) => {
    const inner = memoryStore()
    const w = world([silent()], { store: protect(inner, { redact }) })
    const id = await w.send(['sms'], request)
    await w.to(1)
    expect(JSON.stringify(await inner.get(id))).toContain('7391')
    await w.to(301)
    expect((await w.outcome(id))?.status).toBe('failed')
    const left = JSON.stringify(await inner.get(id))
    expect(left).not.toContain('7391')
    expect(/777123456|ada@example|1815|vip-42/.test(left)).toBe(redact === 'content')
    expect(await w.receipt('sms', 'clicked', `${id}.0.0`, { link, raw: 'DELIVRD-to' })).toMatchObject({ applied: 1 })
    expect(await w.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    expect(w.times('notification.corrected')).toEqual([301])
    const after = (await inner.get(id)) as NotificationRecord
    expect(/7391/.test(JSON.stringify(after))).toBe(false)
    expect(/ab12|DELIVRD-to/.test(JSON.stringify(after))).toBe(redact === 'content')
  })

  test.each(['content', 'personal'] as const)(
    '%s: a request that is repeated is known again, and another is refused',
    async (redact) => {
      const sms = silent()
      const w = world([sms], { store: protect(memoryStore(), { redact, ...aes() }) })
      const id = await w.send(['sms'], request)
      await w.to(1)
      await w.receipt('sms', 'delivered', `${id}.0.0`)
      await w.notifier.idle()
      expect(await w.send(['sms'], request)).toBe(id)
      const other = w.send(['sms'], { ...request, to: { phone: '+420777999999' } })
      await expect(other).rejects.toMatchObject({ code: 'idempotency-conflict', fields: ['to'] })
      expect(sms.calls).toHaveLength(1)
    },
  )

  test('the host is told of it whole before it is redacted', async () => {
    const inner = memoryStore()
    const told: NotificationRecord[] = []
    const w = world([silent()], {
      store: protect(inner, { redact: 'personal', ...aes() }),
      onSettled: (record) => void told.push(record),
    })
    const id = await w.send(['sms'], request)
    await w.to(1)
    await w.receipt('sms', 'delivered', `${id}.0.0`)
    await w.notifier.idle()
    expect(told).toMatchObject([{ to, message: { content }, metadata, outcome: { status: 'delivered' } }])
    expect(await w.record(id)).toMatchObject({ to: {}, message: { content: {} }, metadata: null, dueAt: null })
  })
})
