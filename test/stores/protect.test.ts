import { memoryStore, type NotificationRecord, type Scheduler } from 'omnicascade'
import { protect } from 'omnicascade/stores/protect'
import { storeContract } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { wakeUpOf } from '../../src/contract/wake-up.ts'
import { next, sampleReceipt, sampleRecord, settled, start } from '../../src/testing/store-contract/samples.ts'
import { aes, base64, observed } from './protect-support.ts'

const secrets = { phone: '+420777123456', email: 'ada@example.org', name: 'Ada', cup: 'cup', order: '17' }
const record = sampleRecord('n1', { keys: ['m1'], idempotencyKey: 'order-1', fingerprint: { to: '1kq9', content: '8zz' } })
const clicked: NotificationRecord['timeline'][number] = {
  ...{ type: 'attempt.receipt', at: start, step: 0, channel: 'sms', attempt: 0, provider: 'twin' },
  ...{ status: 'clicked', occurredAt: start, raw: 'CLICK', reason: 'by +420777123456', link: 'https://example.org/?token=1' },
}
describe('the store contract, sealed with AES-256-GCM', () => {
  const open = () => {
    const memory = memoryStore()
    const hooks = aes()
    return { store: protect(memory, hooks), reopen: () => protect(memory, hooks), dispose() {} }
  }
  for (const { name, run } of storeContract(open)) test(name, run)
})

describe('sealing', () => {
  test('leaves nothing in the store that tells who was told what, and all that stores and reports need', async () => {
    const { store, written } = observed()
    const sealing = protect(store, aes())
    await sealing.insert(record)
    await sealing.update(next(record, { timeline: [clicked] }), 0)
    for (const text of written) {
      for (const secret of [...Object.values(secrets), '1kq9', 'CLICK', 'token']) expect(text).not.toContain(`"${secret}`)
      expect(text).not.toMatch(/420777123456|ada@|token=1/)
    }
    const kept = (await store.get('n1')) as NotificationRecord
    const { id, version, dueAt, settledAt, idempotencyKey, outcome, steps, message } = kept
    expect({ id, version, dueAt, settledAt, idempotencyKey, outcome }).toEqual({
      ...{ id: 'n1', version: 1, dueAt: record.dueAt, settledAt: null, idempotencyKey: 'order-1', outcome: null },
    })
    expect(steps.map(({ channel, state }) => [channel, state])).toEqual([
      ['sms', 'awaiting'],
      ['email', 'pending'],
    ])
    expect(steps[0]?.attempts[0]).toMatchObject({ provider: 'twin', keys: ['m1'], to: null, status: 'accepted' })
    expect(message).toEqual({ template: { id: 'order-shipped', version: '3' }, variables: {} })
    expect(await sealing.get('n1')).toEqual(next(record, { timeline: [clicked] }))
  })

  test('takes one call of seal for each write, and one of open for each record read', async () => {
    const hooks = aes()
    const store = protect(memoryStore(), hooks)
    await store.insert(record)
    await store.update(next(record), 0)
    expect(hooks.calls).toEqual({ seal: 2, open: 0 })
    await store.get('n1')
    await store.findByKey('twin', 'm1', 10)
    expect(await store.insert({ ...record, id: 'n2' })).toMatchObject({ created: false })
    expect(hooks.calls).toEqual({ seal: 3, open: 3 })
    await store.due(start, 10)
    await store.nextDueAt()
    expect(hooks.calls).toEqual({ seal: 3, open: 3 })
  })

  test('gives the store one update with the version that was asked for, and its answer back', async () => {
    const updates: [number, number][] = []
    const memory = memoryStore()
    const store = protect(
      {
        ...memory,
        update(given, expected) {
          updates.push([given.version, expected])
          return memory.update(given, expected)
        },
      },
      aes(),
    )
    await store.insert(record)
    expect([await store.update(next(record), 0), await store.update(next(record), 0)]).toEqual([true, false])
    expect(updates).toEqual([
      [1, 0],
      [1, 0],
    ])
  })

  test('takes up a store that was not sealed before: what is there is read, and sealed with its next write', async () => {
    const memory = memoryStore()
    await memory.insert(record)
    await memory.parkReceipt(sampleReceipt(['a'], { raw: 'OK' }), start, start + 100)
    const store = protect(memory, aes())
    expect(await store.get('n1')).toEqual(record)
    await store.update(next(record), 0)
    expect(JSON.stringify(await memory.get('n1'))).not.toContain('420777')
    expect(await store.get('n1')).toEqual(next(record))
    expect(await store.findParked('twin', ['a'], start)).toEqual([sampleReceipt(['a'], { raw: 'OK' })])
    await store.dropParked(sampleReceipt(['a'], { raw: 'OK' }))
    expect(await memory.findParked('twin', ['a'], start)).toEqual([])
  })
})

describe('redacting', () => {
  const over = next(settled(record, start + 5), { timeline: [clicked] })

  test('begins once the record has settled and waits for nothing', async () => {
    const memory = memoryStore()
    const store = protect(memory, { redact: 'personal' })
    await store.insert(record)
    expect(await memory.get('n1')).toEqual(record)
    const waiting = { ...settled(record, start + 5), dueAt: start + 10 }
    await store.update(waiting, 0)
    expect(await memory.get('n1')).toEqual(waiting)
    await store.update({ ...waiting, version: 2, dueAt: null }, 1)
    expect(JSON.stringify(await memory.get('n1'))).not.toContain('420777')
  })

  test('content: forgets content and variables, and nothing else', async () => {
    const store = protect(memoryStore(), { redact: 'content' })
    await store.insert(over)
    expect(await store.get('n1')).toEqual({
      ...over,
      message: { template: { id: 'order-shipped', version: '3' }, variables: {} },
    })
    const direct = { ...over, id: 'n2', idempotencyKey: null, message: { content: { sms: { text: 'Hello' } } } }
    await store.insert(direct)
    expect(await store.get('n2')).toEqual({ ...direct, message: { content: {} } })
  })

  test('personal: forgets who was told besides; what is left is what the documentation says', async () => {
    const store = protect(memoryStore(), { redact: 'personal' })
    await store.insert(over)
    const left = (await store.get('n1')) as NotificationRecord
    expect(JSON.stringify(left)).not.toMatch(/420777|ada@|Ada|cup|CLICK|token/)
    const { to, metadata, timeline, fingerprint, outcome, steps } = left
    expect({ to, metadata }).toEqual({ to: {}, metadata: null })
    const { raw: _, reason: __, link: ___, ...rest } = clicked as Extract<typeof clicked, { type: 'attempt.receipt' }>
    expect(timeline).toEqual([rest])
    expect({ fingerprint, outcome }).toEqual({ fingerprint: over.fingerprint, outcome: over.outcome })
    expect(steps[0]?.attempts[0]).toEqual({ ...over.steps[0]?.attempts[0], to: null })
  })

  test('beside sealing: what is left is sealed, also the fingerprint; with nothing left nothing is sealed', async () => {
    const hooks = aes()
    const { store, written } = observed()
    const both = protect(store, { ...hooks, redact: 'personal' })
    await both.insert(over)
    expect(written.join()).not.toMatch(/1kq9|420777/)
    expect(await both.get('n1')).toMatchObject({ to: {}, metadata: null, fingerprint: over.fingerprint })
    const content = protect(store, { ...hooks, redact: 'content' })
    await content.insert({ ...over, id: 'n2', idempotencyKey: null })
    expect(await content.get('n2')).toMatchObject({ to: over.to, metadata: over.metadata, message: { variables: {} } })
    const before = hooks.calls.seal
    await both.insert({ ...over, id: 'n3', idempotencyKey: null, fingerprint: null })
    expect(hooks.calls.seal).toBe(before)
    expect(await both.get('n3')).toMatchObject({ to: {}, metadata: null })
  })
})

test('metadata that has our mark is the app’s as long as there is a recipient', async () => {
  const metadata = { 'omnicascade.sealed': 'mine' }
  for (const options of [{ redact: 'content' }, { redact: 'personal' }, base64] as const) {
    const store = protect(memoryStore(), options)
    await store.insert({ ...record, metadata })
    expect(await store.get('n1')).toEqual({ ...record, metadata })
  }
})

describe('the rest of a store', () => {
  test('is passed on where there is any, and left out where there is none', async () => {
    const plain = protect({ ...memoryStore(), watch: undefined } as never, base64)
    expect('shared' in plain || 'watch' in plain || 'enlist' in plain || 'close' in plain).toBe(false)
    const calls: unknown[] = []
    const store = {
      ...memoryStore(),
      shared: true,
      enlist(this: unknown, ...given: unknown[]) {
        calls.push([this === store, ...given])
        return true
      },
      async watch(this: unknown, onChange: (id: string | null) => void) {
        calls.push(this === store)
        onChange('n1')
        return () => {}
      },
      close() {
        calls.push('closed')
      },
    }
    const all = protect(store, base64)
    const scheduler = {} as Scheduler
    const heard: (string | null)[] = []
    expect([all.shared, all.enlist?.(scheduler)]).toEqual([true, true])
    await all.watch?.((id) => heard.push(id))
    await all.close?.()
    expect(calls).toEqual([[true, scheduler], true, 'closed'])
    expect(heard).toEqual(['n1'])
  })

  test('sees the wake-ups of sealed records as they are, leases too, so that an enlisted scheduler works', async () => {
    const memory = memoryStore()
    const store = protect(memory, aes())
    const leased = next(record, { steps: record.steps.map((step) => ({ ...step, state: 'sending' as const })) })
    await store.insert(leased)
    const kept = (await memory.get('n1')) as NotificationRecord
    expect(wakeUpOf(kept)).toEqual({ id: 'n1', time: record.dueAt, lease: true })
  })
})

test('options that cannot work are named', () => {
  const memory = memoryStore()
  const { seal, open } = base64
  expect(() => protect(memory, {})).toThrow('redact: is missing')
  expect(() => protect(memory, undefined as never)).toThrow('redact: is missing')
  expect(() => protect(memory, null as never)).toThrow('redact: is missing')
  expect(() => protect(memory, { seal, open, redacted: 'all' } as never)).toThrow('redacted: is no option')
  expect(() => protect(memory, { seal })).toThrow('open: is missing')
  expect(() => protect(memory, { open })).toThrow('seal: is missing')
  expect(() => protect(memory, { seal, open, redact: 'all' as 'content' })).toThrow('redact: must be')
  expect(() => protect(memory, { seal: 'key' as never, open })).toThrow('seal: must be a function')
  expect(() => protect(undefined as never, { redact: 'content' })).toThrow('store: is missing')
})
