import { memoryStore, type Receipt } from 'omnicascade'
import { accept, fail, gate, hang, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { slowed, turn } from './support.ts'

const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], replies })

/** Accepted under keys of the vendor's own instead of a message id. */
const under = (...keys: string[]) => accept({ messageId: undefined as never, keys })

const events = (w: ReturnType<typeof world>, type: string) => w.events.filter((event) => event.type === type)

describe('an attempt with several keys', () => {
  test('is found by any of them', async () => {
    for (const key of ['message-1', 'user-7:order', 'user-7:campaign']) {
      const w = world([sms(accept({ messageId: 'message-1', keys: ['user-7:order', 'user-7:campaign'] }))])
      const id = await w.send(['sms'])
      await w.to(1)
      expect(await w.receipt('sms', 'delivered', key)).toMatchObject({ applied: 1 })
      expect((await w.outcome(id))?.status).toBe('delivered')
    }
  })

  test('a receipt with several keys belongs to the attempt that has the first known of them, the most specific', async () => {
    const w = world([sms(under('a', 'shared'), under('b', 'shared'))])
    const [first, second] = [await w.send(['sms']), await w.send(['sms'])]
    await w.to(1)
    expect(await w.receipt('sms', 'delivered', '', { keys: ['unknown', 'b', 'shared'] })).toMatchObject({ applied: 1 })
    expect([await w.states(first), await w.states(second)]).toEqual([['awaiting'], ['succeeded']])
  })

  test('the same key of another provider is another key', async () => {
    const w = world([sms(under('1')), scriptedProvider({ channels: ['viber'], replies: [under('1')] })])
    const [one, two] = [await w.send(['sms']), await w.send(['viber'])]
    await w.to(1)
    expect(await w.receipt('viber', 'delivered', '1')).toMatchObject({ applied: 1, unmatched: 0 })
    expect([await w.states(one), await w.states(two)]).toEqual([['awaiting'], ['succeeded']])
  })
})

describe('a receipt that several attempts might be meant by', () => {
  const three = async () => {
    const w = world([sms(under('user-7'), under('user-7'), under('user-7'))])
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      ids.push(await w.send([{ channel: 'sms', within: '1h' }]))
      await w.to((i + 1) * 10)
    }
    const states = async () => (await Promise.all(ids.map(w.states))).flat()
    return { w, states }
  }

  test('is not guessed about: nothing changes, and the operator hears of it', async () => {
    const { w, states } = await three()
    const report = await w.receipt('sms', 'delivered', 'user-7')
    expect(report).toEqual({ applied: 0, duplicate: 0, parked: 0, unmatched: 1 })
    expect(events(w, 'receipt.unmatched')).toMatchObject([{ candidates: 3, receipt: { keys: ['user-7'], status: 'delivered' } }])
    expect(await states()).toEqual(['awaiting', 'awaiting', 'awaiting'])
  })

  test('with `newest` belongs to the newest that has not ended, one after another, and to none once all have', async () => {
    const { w, states } = await three()
    const newest = (at: number) => w.receipt('sms', 'delivered', 'user-7', { match: 'newest', at })
    await newest(31_000)
    expect(await states()).toEqual(['awaiting', 'awaiting', 'succeeded'])
    await newest(32_000)
    expect(await states()).toEqual(['awaiting', 'succeeded', 'succeeded'])
    await newest(33_000)
    expect(await states()).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(await newest(34_000)).toEqual({ applied: 0, duplicate: 0, parked: 0, unmatched: 1 })
  })

  test('with `newest`, one that was reported as failed has ended too', async () => {
    const { w, states } = await three()
    await w.receipt('sms', 'failed', 'user-7', { match: 'newest' })
    await w.receipt('sms', 'delivered', 'user-7', { match: 'newest' })
    expect(await states()).toEqual(['awaiting', 'succeeded', 'failed'])
  })

  test('with `newest`, the same receipt again hits neither another message nor a later one', async () => {
    const { w, states } = await three()
    const failed = () => w.receipt('sms', 'failed', 'user-7', { match: 'newest', at: 31_000 })
    expect(await failed()).toMatchObject({ applied: 1 })
    for (let i = 0; i < 3; i++) expect(await failed()).toEqual({ applied: 0, duplicate: 1, parked: 0, unmatched: 0 })
    expect(await states()).toEqual(['awaiting', 'awaiting', 'failed'])
    const id = await w.send(['sms'])
    await w.to(40)
    expect(await w.states(id)).toEqual(['awaiting'])
  })

  test('with `newest`, a send that the vendor refused is not meant', async () => {
    const refused = scriptedProvider({
      channels: ['sms'],
      keys: () => ['user-7'],
      replies: [under(), fail('recipient')],
    })
    const w = world([refused])
    const ids = [await w.send(['sms']), await w.send(['sms'])]
    await w.to(1)
    expect(await w.receipt('sms', 'delivered', 'user-7', { match: 'newest' })).toMatchObject({ applied: 1 })
    expect((await Promise.all(ids.map(w.states))).flat()).toEqual(['succeeded', 'failed'])
  })

  test('with `near` belongs to the one that started within the tolerance', async () => {
    const { w, states } = await three()
    const near = (at: number, tolerance: number) => w.receipt('sms', 'delivered', 'user-7', { near: { at, tolerance } })
    expect(await near(13_000, 3000)).toMatchObject({ applied: 1 })
    expect(await states()).toEqual(['awaiting', 'succeeded', 'awaiting'])
    expect(await near(5000, 5000)).toMatchObject({ unmatched: 1 })
    expect(await near(100_000, 1000)).toMatchObject({ parked: 1 })
  })
})

describe('a receipt whose key nobody knows yet', () => {
  test('is parked, and applied to the attempt that comes to carry the key', async () => {
    const send = gate()
    const w = world([sms(send.reply)])
    const id = await w.send(['sms'])
    expect(await w.receipt('sms', 'failed', 'message-1', { raw: 'UNDELIV' })).toMatchObject({ parked: 1 })
    expect(events(w, 'receipt.parked')).toMatchObject([{ receipt: { keys: ['message-1'] } }])
    send.release(accept({ messageId: 'message-1' }))
    await w.to(1)
    expect((await w.record(id)).steps[0]).toMatchObject({ state: 'failed', reason: 'undelivered' })
  })

  test('is kept for 15 minutes, or for as long as the notifier is told', async () => {
    const applied = async (after: number, parkFor?: '1h') => {
      const send = gate()
      const slow = scriptedProvider({ channels: ['sms'], timeout: '2h', replies: [send.reply] })
      const w = world([slow], parkFor === undefined ? {} : { parkFor })
      const id = await w.send([{ channel: 'sms', within: '1h' }])
      await w.receipt('sms', 'delivered', 'message-1')
      await w.to(after)
      send.release(accept({ messageId: 'message-1' }))
      await w.to(after + 1)
      return (await w.record(id)).steps[0]!.attempts[0]!.status
    }
    expect(await applied(899)).toBe('delivered')
    expect(await applied(900)).toBe('accepted')
    expect(await applied(3599, '1h')).toBe('delivered')
  })

  test('that is near another attempt, not known yet, waits for that one', async () => {
    const second = gate()
    const w = world([sms(under('user-7'), second.reply)])
    const one = await w.send(['sms'])
    await w.to(100)
    const two = await w.send(['sms'])
    const receipt: Partial<Receipt> = { near: { at: 100_000, tolerance: 1000 } }
    expect(await w.receipt('sms', 'delivered', 'user-7', receipt)).toMatchObject({ parked: 1 })
    second.release(under('user-7'))
    await w.to(101)
    expect([await w.states(one), await w.states(two)]).toEqual([['awaiting'], ['succeeded']])
  })

  test('that is near another attempt is not lost to the first one whose key becomes known', async () => {
    const [first, second] = [gate(), gate()]
    const slow = scriptedProvider({ channels: ['sms'], timeout: '1h', replies: [first.reply, second.reply] })
    const w = world([slow])
    const one = await w.send(['sms'])
    await w.to(100)
    const two = await w.send(['sms'])
    expect(await w.receipt('sms', 'delivered', 'user-7', { near: { at: 100_000, tolerance: 1000 } })).toMatchObject({ parked: 1 })
    first.release(under('user-7'))
    await w.to(101)
    second.release(under('user-7'))
    await w.to(102)
    expect([await w.states(one), await w.states(two)]).toEqual([['awaiting'], ['succeeded']])
    expect(events(w, 'receipt.unmatched')).toEqual([])
  })

  test('and that two attempts come to carry at the same moment is reported as unmatched', async () => {
    const [first, second] = [gate(), gate()]
    const w = world([sms(first.reply, second.reply)], { store: slowed(memoryStore()) })
    const ids = [await w.send(['sms']), await w.send(['sms'])]
    await w.receipt('sms', 'delivered', 'user-7')
    for (const { release } of [first, second]) release(under('user-7'))
    for (let i = 0; i < 20; i++) await turn()
    expect(events(w, 'receipt.unmatched')).toContainEqual(expect.objectContaining({ candidates: 2 }))
    expect((await Promise.all(ids.map(w.states))).flat()).toEqual(['awaiting', 'awaiting'])
  })
})

test('a receipt whose key becomes known while it is being parked is applied, and leaves nothing behind for a later message', async () => {
  const memory = memoryStore()
  const send = gate()
  let meanwhile = async () => {}
  const store = {
    ...memory,
    async parkReceipt(...given: Parameters<typeof memory.parkReceipt>) {
      await meanwhile()
      await memory.parkReceipt(...given)
    },
  }
  const w = world([sms(send.reply, under('user-7'))], { store })
  meanwhile = async () => {
    send.release(under('user-7'))
    for (let i = 0; i < 5; i++) await turn()
  }
  const one = await w.send(['sms'])
  await turn()
  expect(await w.receipt('sms', 'failed', 'user-7')).toMatchObject({ applied: 1 })
  expect(await memory.findParked('sms', ['user-7'], 1000)).toEqual([])
  const two = await w.send(['sms'])
  await w.to(1)
  expect([await w.states(one), await w.states(two)]).toEqual([['failed'], ['awaiting']])
  expect(events(w, 'receipt.unmatched')).toEqual([])
})

describe('an attempt whose call nobody saw the end of', () => {
  test('is found by the keys its provider set before the call', async () => {
    const provider = scriptedProvider({
      channels: ['sms'],
      timeout: '10s',
      replies: [hang()],
      keys: ({ idempotencyKey }) => [`ours:${idempotencyKey}`],
    })
    const w = world([provider])
    const id = await w.send(['sms'])
    await w.to(20)
    expect(await w.receipt('sms', 'delivered', `ours:${id}.0.0`)).toMatchObject({ applied: 1 })
  })

  test('repeated under its idempotency key it is one message: its receipt is not ambiguous', async () => {
    const keyed = scriptedProvider({
      channels: ['sms'],
      timeout: '10s',
      idempotent: true,
      replies: [hang()],
      keys: ({ idempotencyKey }) => [`ours:${idempotencyKey}`],
    })
    const w = world([keyed])
    const id = await w.send([{ channel: 'sms', onUnknown: 'resend' }])
    await w.to(20)
    expect(keyed.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual([`${id}.0.0`, `${id}.0.0`])
    expect(await w.receipt('sms', 'delivered', `ours:${id}.0.0`)).toMatchObject({ applied: 1, unmatched: 0 })
    expect((await w.outcome(id))?.status).toBe('delivered')
  })
})

test('of the attempts under one key a receipt belongs to the last that was not refused', async () => {
  const provider = scriptedProvider({
    channels: ['sms'],
    timeout: '10s',
    idempotent: true,
    keys: ({ idempotencyKey }) => [`ours:${idempotencyKey}`],
    replies: [hang(), fail('recipient')],
  })
  const w = world([provider])
  const id = await w.send([{ channel: 'sms', onUnknown: 'resend' }])
  await w.to(20)
  expect(provider.calls).toHaveLength(2)
  expect(await w.receipt('sms', 'delivered', `ours:${id}.0.0`)).toMatchObject({ applied: 1 })
  expect((await w.record(id)).steps[0]!.attempts.map(({ status }) => status)).toEqual(['delivered', null])
})

test('ingest takes any iterable, one receipt after another, and counts what became of each', async () => {
  const w = world([sms()])
  const id = await w.send(['sms'])
  await w.to(1)
  const receipt = (status: Receipt['status'], key = `${id}.0.0`): Receipt => ({ provider: 'sms', keys: [key], status, at: 1000 })
  async function* stream() {
    yield receipt('sent')
    yield receipt('delivered')
    yield receipt('delivered')
    yield receipt('delivered', 'nobody')
    yield receipt('delivered', 'nobody')
  }
  expect(await w.notifier.ingest(stream())).toEqual({ applied: 2, duplicate: 1, parked: 2, unmatched: 0 })
  expect(await w.notifier.ingest(new Set([receipt('read')]))).toEqual({ applied: 1, duplicate: 0, parked: 0, unmatched: 0 })
  expect(await w.notifier.ingest([])).toEqual({ applied: 0, duplicate: 0, parked: 0, unmatched: 0 })
})

test("a receipt without keys is nobody's: it is parked, and harms nothing", async () => {
  const w = world([sms()])
  await w.send(['sms'])
  await w.to(1)
  expect(await w.receipt('sms', 'delivered', '', { keys: [] })).toMatchObject({ parked: 1 })
})

describe('a receipt that says which message it is about', () => {
  const shared = { keys: ['sms:999', 'user-7'], messageId: '999' }

  test('is not for an attempt that is known to be another message, whatever key they share', async () => {
    const w = world([sms(accept({ messageId: '1', keys: ['sms:1', 'user-7'] }))])
    const id = await w.send(['sms'])
    await w.to(1)
    expect(await w.receipt('sms', 'failed', '', shared)).toMatchObject({ parked: 1 })
    expect(await w.states(id)).toEqual(['awaiting'])
  })

  test('waits for the attempt that is about to learn its id, though others share its lesser key', async () => {
    const answers = [gate(), gate()]
    const keys = () => ['user-7']
    const w = world([scriptedProvider({ channels: ['sms'], replies: answers.map(({ reply }) => reply), keys })])
    const [first, second] = [await w.send(['sms']), await w.send(['sms'])]
    expect(await w.receipt('sms', 'failed', '', shared)).toMatchObject({ unmatched: 1 })
    answers[0]!.release(accept({ messageId: '1', keys: ['sms:1'] }))
    answers[1]!.release(accept({ messageId: '999', keys: ['sms:999'] }))
    await w.to(1)
    expect([await w.states(first), await w.states(second)]).toEqual([['awaiting'], ['failed']])
  })
})

test('a receipt about a message of long ago is not kept: whatever is still to come cannot be meant', async () => {
  const w = world([sms()], { start: 10 * 3_600_000 })
  const old = { near: { at: 0, tolerance: 600_000 } }
  expect(await w.receipt('sms', 'delivered', 'user-7', old)).toMatchObject({ parked: 0, unmatched: 1 })
  expect(events(w, 'receipt.unmatched')).toMatchObject([{ candidates: 0 }])
  expect(await w.receipt('sms', 'delivered', 'user-7', { near: { at: w.clock.now(), tolerance: 600_000 } })).toMatchObject({
    parked: 1,
  })
})
