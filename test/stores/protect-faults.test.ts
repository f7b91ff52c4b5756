import { memoryStore, type NotificationRecord, type Receipt } from 'omnicascade'
import { protect } from 'omnicascade/stores/protect'
import { describe, expect, test } from 'vitest'
import { next, sampleReceipt, sampleRecord, start } from '../../src/testing/store-contract/samples.ts'
import { aes, base64, failureOf, observed } from './protect-support.ts'

const record = sampleRecord('n1', { keys: ['m1'], idempotencyKey: 'order-1' })

describe('sealed receipts that are parked', () => {
  const receipt = sampleReceipt(['a', 'b'], { status: 'clicked', raw: 'CLICK', link: 'https://example.org/?token=1' })
  const later = start + 100

  test('hide what they say in the vendor’s words, and come back as they were', async () => {
    const { store, written } = observed()
    const sealing = protect(store, aes())
    await sealing.parkReceipt(receipt, start, later)
    expect(written.join()).not.toMatch(/CLICK|example|token/)
    expect(await sealing.findParked('twin', ['b'], start)).toEqual([receipt])
  })

  test('are found once and dropped once, though the store beneath has them twice', async () => {
    const memory = memoryStore()
    const store = protect(memory, aes())
    const other: Receipt = { ...receipt, link: 'https://example.org/?token=2' }
    for (const parked of [receipt, other, receipt]) await store.parkReceipt(parked, start, later)
    expect(await memory.findParked('twin', ['a'], start)).toHaveLength(3)
    expect(await store.findParked('twin', ['a', 'b'], start)).toEqual([receipt, other])
    await store.dropParked(receipt)
    expect(await store.findParked('twin', ['a', 'b'], start)).toEqual([other])
    expect(await memory.findParked('twin', ['a'], start)).toHaveLength(1)
  })

  test('are dropped alone, whatever they share with others', async () => {
    const store = protect(memoryStore(), aes())
    const others: Receipt[] = [
      { ...receipt, status: 'read' },
      { ...receipt, at: start + 1 },
      { ...receipt, raw: 'click' },
      { ...receipt, reason: '5' },
      { ...receipt, link: 'https://example.org/' },
      sampleReceipt(['a', 'b'], { status: 'clicked' }),
    ]
    for (const parked of [receipt, ...others]) await store.parkReceipt(parked, start, later)
    await store.dropParked(receipt)
    expect(await store.findParked('twin', ['a'], start)).toEqual(others)
  })

  test('that say nothing in the vendor’s words call no hook', async () => {
    const hooks = aes()
    const store = protect(memoryStore(), hooks)
    await store.parkReceipt(sampleReceipt(['a']), start, later)
    await store.findParked('twin', ['a'], start)
    await store.dropParked(sampleReceipt(['a']))
    expect(hooks.calls).toEqual({ seal: 0, open: 0 })
  })

  test('cannot be passed off as others', async () => {
    const memory = memoryStore()
    const store = protect(memory, aes())
    await store.parkReceipt(receipt, start, later)
    const [sealed] = await memory.findParked('twin', ['a'], start)
    await memory.parkReceipt({ ...(sealed as Receipt), keys: ['c'] }, start, later)
    expect(await failureOf(() => store.findParked('twin', ['c'], start))).toMatchObject({ code: 'store-refused' })
  })
})

describe('what cannot be opened is refused, with an error that tells nothing of it', () => {
  const tampered = (of: NotificationRecord, change: (sealed: string) => string): NotificationRecord => ({
    ...of,
    version: of.version + 1,
    metadata: { 'omnicascade.sealed': change(String(of.metadata?.['omnicascade.sealed'])) },
  })

  test('with another key', async () => {
    const memory = memoryStore()
    await protect(memory, aes()).insert(record)
    const other = protect(memory, aes())
    for (const read of [() => other.get('n1'), () => other.findByKey('twin', 'm1', 1), () => other.insert(record)]) {
      const error = await failureOf(read)
      expect(error).toMatchObject({ name: 'StoreError', engine: 'protect', fault: 'refused' })
      expect(error.message).toContain('open failed for notification n1')
      expect(error.cause).toBeUndefined()
    }
  })

  test('when one bit of it was changed', async () => {
    const memory = memoryStore()
    const store = protect(memory, aes())
    await store.insert(record)
    const kept = (await memory.get('n1')) as NotificationRecord
    const flip = (sealed: string) => {
      const bytes = Buffer.from(sealed, 'base64')
      bytes[40] = (bytes[40] ?? 0) ^ 1
      return bytes.toString('base64')
    }
    await memory.update(tampered(kept, flip), 0)
    expect(await failureOf(() => store.get('n1'))).toMatchObject({ fault: 'refused' })
  })

  test.each([
    ['by hooks that bind it', aes(), 'refused'],
    ['even by hooks that do not', base64, 'corrupt'],
  ])('when it belongs to another record, %s', async (_, hooks, fault) => {
    const memory = memoryStore()
    const store = protect(memory, hooks)
    await store.insert(record)
    await store.insert(sampleRecord('n2', { to: { phone: '+420777999999' } }))
    const [one, two] = [await memory.get('n1'), await memory.get('n2')] as [NotificationRecord, NotificationRecord]
    await memory.update(
      tampered(one, () => String(two.metadata?.['omnicascade.sealed'])),
      0,
    )
    const error = await failureOf(() => store.get('n1'))
    expect(error).toMatchObject({ name: 'StoreError', fault })
    expect(error.message).not.toContain('420777')
    expect(await store.get('n2')).toMatchObject({ to: { phone: '+420777999999' } })
  })

  test.each([
    ['nothing', undefined],
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['other JSON', '{"of":"n2","value":{}}'],
  ])('when open gives %s', async (_, text) => {
    const memory = memoryStore()
    await protect(memory, base64).insert(record)
    const store = protect(memory, { seal: base64.seal, open: () => text as string })
    expect(await failureOf(() => store.get('n1'))).toMatchObject({ fault: 'corrupt' })
  })

  test.each([
    ['by hooks that bind it', aes()],
    ['by hooks that do not', base64],
  ])('when it belongs to an older version of the same record, %s', async (_, hooks) => {
    const memory = memoryStore()
    const store = protect(memory, hooks)
    await store.insert(record)
    const old = (await memory.get('n1')) as NotificationRecord
    await store.update(next(record), record.version)
    const kept = (await memory.get('n1')) as NotificationRecord
    const rolledBack = next(kept, { metadata: old.metadata })
    await memory.update(rolledBack, kept.version)
    expect(await failureOf(() => store.get('n1'))).toMatchObject({ name: 'StoreError', fault: 'corrupt' })
  })

  test('when there is no open any more', async () => {
    const memory = memoryStore()
    await protect(memory, aes()).insert(record)
    const error = await failureOf(() => protect(memory, { redact: 'content' }).get('n1'))
    expect(error.message).toBe('protect: notification n1 is sealed: give protect the open that belongs to its seal')
  })
})

describe('what cannot be sealed is not stored', () => {
  const throwing = (error: unknown) => ({
    ...base64,
    seal(): string {
      throw error
    },
  })

  test('and the error has the hook’s code, but none of its words', async () => {
    const { store, written } = observed()
    const failed = Object.assign(new Error(`cannot seal +420777123456`), { code: 'ECONNREFUSED', cause: record })
    const sealing = protect(store, throwing(failed))
    const receipt = sampleReceipt(['a'], { raw: 'secret' })
    for (const write of [
      () => sealing.insert(record),
      () => sealing.update(record, 0),
      () => sealing.parkReceipt(receipt, start, start + 100),
    ]) {
      const error = await failureOf(write)
      expect(error).toMatchObject({ name: 'StoreError', fault: 'refused', engineCode: 'ECONNREFUSED' })
      expect(error.message).toMatch(/^protect: seal failed for (notification n1|a parked receipt of twin): nothing was stored$/)
      expect(error.cause).toBeUndefined()
    }
    expect(written).toEqual([])
  })

  test.each([
    ['null', null],
    ['an error whose code is a sentence', Object.assign(new Error('no'), { code: 'to +420777123456' })],
    ['an error whose code is a number', Object.assign(new Error('no'), { code: 420777123456 })],
  ])('also when it throws %s', async (_, thrown) => {
    const error = await failureOf(() => protect(memoryStore(), throwing(thrown)).insert(record))
    expect(error).toMatchObject({ fault: 'refused', engineCode: undefined })
    expect(JSON.stringify([error.message, { ...error }])).not.toContain('420777')
  })

  test.each([undefined, '', 7, Buffer.from('x')])('when seal gives %j', async (given) => {
    const { store, written } = observed()
    const error = await failureOf(() => protect(store, { ...base64, seal: () => given as string }).insert(record))
    expect(error.message).toBe('protect: seal gave no text for notification n1: nothing was stored')
    expect(written).toEqual([])
  })
})
