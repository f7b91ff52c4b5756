import { memoryStore, type NotificationStore, type Receipt } from 'omnicascade'
import { type accept, fail, gate, hang, scriptedProvider } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import { world } from '../support/world.ts'
import { turn } from './support.ts'

const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], receipts: 'none', replies })

describe('close', () => {
  test('refuses sends from then on, also one whose variables were being checked', async () => {
    let check = (_: { value: unknown }) => {}
    const template = {
      id: 't',
      version: '1',
      channels: ['sms'],
      validate: () =>
        new Promise<{ value: unknown }>((resolve) => {
          check = resolve
        }),
      render: () => ({ text: 'Hello' }),
    } as never
    const provider = sms()
    const w = world([provider])
    const slow = w.send(['sms'], { content: undefined as never, template })
    await turn()
    await w.notifier.close()
    check({ value: {} })
    for (const send of [slow, w.send(['sms'])])
      await expect(send).rejects.toMatchObject({ code: 'closed', message: expect.stringContaining('closed') })
    expect(provider.calls).toHaveLength(0)
  })

  test('waits for calls under way, and writes what they came to', async () => {
    const send = gate()
    const w = world([sms(send.reply)])
    const id = await w.send(['sms'])
    let closed = false
    const closing = w.notifier.close().then(() => {
      closed = true
    })
    await w.to(5)
    expect(closed).toBe(false)
    send.release()
    await closing
    expect((await w.outcome(id))?.status).toBe('delivered')
    expect(w.clock.timers).toBe(0)
  })

  test('waits for a send that is being stored', async () => {
    const memory = memoryStore()
    let store: () => void = () => {}
    const provider = sms()
    const w = world([provider], {
      store: {
        ...memory,
        async insert(record) {
          await new Promise<void>((resolve) => {
            store = resolve
          })
          return memory.insert(record)
        },
      },
    })
    const sending = w.send(['sms'])
    await turn()
    let closed = false
    const closing = w.notifier.close().then(() => {
      closed = true
    })
    await w.to(5)
    expect(closed).toBe(false)
    store()
    await closing
    expect((await w.outcome(await sending))?.status).toBe('delivered')
  })

  test('what was prepared before it is still sent: links that are being shortened, hooks that think', async () => {
    let decide = (_: boolean) => {}
    const provider = sms()
    const w = world([provider], {
      beforeSend: () =>
        new Promise<boolean>((resolve) => {
          decide = resolve
        }),
    })
    const id = await w.send(['sms'])
    const closing = w.notifier.close()
    await turn()
    decide(true)
    await closing
    expect((await w.outcome(id))?.status).toBe('delivered')
  })

  test('a call that outlasts its time is cut: its result is unknown, and written down', async () => {
    const provider = scriptedProvider({ channels: ['sms'], replies: [hang()], timeout: '1h' })
    const signals: AbortSignal[] = []
    const watched = {
      ...provider,
      send: (...given: Parameters<typeof provider.send>) => {
        signals.push(given[1].signal)
        return provider.send(...given)
      },
    }
    const w = world([watched])
    const id = await w.send(['sms'])
    const closing = w.notifier.close({ timeout: '5s' })
    await w.to(5)
    await closing
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect((await w.record(id)).steps[0]!.attempts).toMatchObject([
      { state: 'unknown', failure: { kind: 'unknown', code: 'CLOSED' } },
    ])
    expect(w.clock.timers).toBe(0)
  })

  test("those who wait for a provider's limits when its time is over are not sent, and stay due for the next process", async () => {
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', limits: { rate: { count: 1, per: '10s' } } })
    const store = memoryStore()
    const w = world([provider], { store })
    for (let i = 0; i < 10; i++) await w.send(['sms'])
    const closing = w.notifier.close({ timeout: '15s' })
    await w.to(15)
    await closing
    await w.to(3600)
    expect(provider.calls).toHaveLength(2)
    expect(w.clock.timers).toBe(0)
    const next = scriptedProvider({ channels: ['sms'], receipts: 'none' })
    const later = world([next], { store, start: 7_200_000 })
    await later.to(1)
    expect(next.calls).toHaveLength(8)
  })

  test("those who wait for a provider's limits when its time is over are not asked about again", async () => {
    const asked: string[] = []
    const slow = scriptedProvider({ channels: ['sms'], replies: [hang()], timeout: '1h', limits: { concurrency: 1 } })
    const w = world([slow], { beforeSend: (_, { id }) => void asked.push(id) })
    for (let i = 0; i < 3; i++) await w.send(['sms'])
    const closing = w.notifier.close({ timeout: '5s' })
    await w.to(10)
    await closing
    expect(asked).toEqual(['n1', 'n2', 'n3'])
  })

  test('nothing begins after it: neither retries nor the next step, nor a wake-up that was on its way', async () => {
    const send = gate()
    const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [send.reply] })
    const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
    const w = world([provider, email])
    const id = await w.send(['sms', 'email'])
    await w.send(['email'], { sendAt: 1000 })
    const closing = w.notifier.close()
    send.release(fail('recipient'))
    await closing
    await w.to(3600)
    await w.notifier.tick()
    expect(email.calls).toHaveLength(0)
    expect(await w.states(id)).toEqual(['failed', 'ready'])
    expect(w.clock.timers).toBe(0)
  })

  test('providers and store are closed once nothing is under way, each once, however often it is called', async () => {
    const order: string[] = []
    const send = gate()
    const closes = (name: 'sms' | 'email', ...replies: ReturnType<typeof accept>[]) =>
      scriptedProvider({ channels: [name], replies, close: async () => void order.push(name) })
    const store = { ...memoryStore(), close: async () => void order.push('store') }
    const w = world([closes('sms', send.reply), closes('email')], { store })
    await w.send(['sms'])
    const closing = [w.notifier.close(), w.notifier.close()]
    await w.to(1)
    expect(order).toEqual([])
    send.release()
    await Promise.all(closing)
    await w.notifier.close()
    expect(order).toEqual(['sms', 'email', 'store'])
  })

  test('a provider that fails to close is an error event, and keeps neither the others nor the store open', async () => {
    const order: string[] = []
    const broken = scriptedProvider({
      channels: ['sms'],
      close: () => {
        throw new Error('already closed')
      },
    })
    const other = scriptedProvider({ channels: ['email'], close: async () => void order.push('email') })
    const w = world([broken, other], { store: { ...memoryStore(), close: async () => void order.push('store') } })
    await w.notifier.close()
    expect(order).toEqual(['email', 'store'])
    expect(w.events).toMatchObject([{ type: 'error', error: { message: 'sms threw Error (in its close)' } }])
  })

  test('the store stays open for receipts, cancels and looks that are under way', async () => {
    const memory = memoryStore()
    let open = true
    let proceed = () => {}
    const pause = new Promise<void>((resolve) => {
      proceed = resolve
    })
    let slow = false
    const slowly =
      <A extends unknown[], R>(run: (...given: A) => R) =>
      async (...given: A): Promise<Awaited<R>> => {
        if (slow) await pause
        if (!open) throw new Error('the store is closed')
        return await run(...given)
      }
    const store: NotificationStore = {
      ...memory,
      get: slowly(memory.get),
      findByKey: slowly(memory.findByKey),
      close() {
        open = false
      },
    }
    const w = world([scriptedProvider({ channels: ['sms'] })], { store })
    const ids = [await w.send(['sms']), await w.send(['sms']), await w.send(['sms'])] as const
    await w.to(1)
    slow = true
    const receipt: Receipt = { provider: 'sms', keys: [`${ids[0]}.0.0`], status: 'delivered', at: 1000 }
    const asked = [w.notifier.get(ids[2]), w.notifier.cancel(ids[1]), w.notifier.settled('n9'), w.notifier.ingest([receipt])]
    const answers = Promise.allSettled(asked)
    await turn()
    const closing = w.notifier.close()
    await turn()
    expect(open).toBe(true)
    proceed()
    await closing
    expect(open).toBe(false)
    expect(await answers).toMatchObject([
      { value: { id: ids[2] } },
      { value: 'too-late' },
      { reason: { code: 'not-found' } },
      { value: { applied: 1 } },
    ])
  })

  test('a stream of receipts that never ends does not hold it up', async () => {
    const w = world([sms()])
    void w.notifier.ingest(
      (async function* (): AsyncGenerator<Receipt> {
        await new Promise(() => {})
      })(),
    )
    await turn()
    await w.notifier.close()
  })

  test('whoever waits for an outcome, or asks for it later, is told that there will be none', async () => {
    const w = world([scriptedProvider({ channels: ['sms'] })])
    const [id, other] = [await w.send(['sms']), await w.send(['sms'])]
    await w.to(1)
    await w.receipt('sms', 'delivered', `${other}.0.0`)
    const waiting = Promise.allSettled([w.notifier.settled(id), w.notifier.settled(id)])
    await w.notifier.close()
    const reason = { code: 'closed', message: expect.stringMatching(/^the notifier is closed/) }
    expect(await waiting).toMatchObject([{ reason }, { reason }])
    await expect(w.notifier.settled(id)).rejects.toMatchObject(reason)
    expect(await w.notifier.settled(other)).toMatchObject({ status: 'delivered' })
  })

  test('a time that is none is named', async () => {
    await expect(world([sms()]).notifier.close({ timeout: 'soon' as never })).rejects.toThrow("'90s'")
  })
})
