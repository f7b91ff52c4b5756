// What processes that share a store owe each other: leases, sweeps, wake-ups, and word of what has changed.
import { type ChannelProvider, memoryStore, type NotificationRecord, type NotificationStore, type Scheduler } from 'omnicascade'
import { accept, fail, gate, hang, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { turn } from './support.ts'

type Options = Parameters<typeof world>[1]

const shared = (store: NotificationStore = memoryStore()): NotificationStore => ({ ...store, shared: true })
const sms = (...replies: ReturnType<typeof accept>[]) => scriptedProvider({ channels: ['sms'], replies })
const email = () => scriptedProvider({ channels: ['email'], receipts: 'none' })
/** A queue that loses every wake-up. */
const deaf: Scheduler = { wakeAt() {}, start() {}, stop() {} }

/** Processes on one store and one clock. */
function processes(store: NotificationStore, ...each: (Options & { providers: readonly ChannelProvider[] })[]) {
  const clock = virtualClock()
  return each.map(({ providers, ...options }, index) => {
    let ids = 0
    return world(providers, { store, clock, createId: () => `p${index}-${++ids}`, ...options })
  }) as [ReturnType<typeof world>, ReturnType<typeof world>]
}

describe('a lease', () => {
  test('is renewed while a call takes its time, and is over a minute after its process has died', async () => {
    const store = shared()
    const answer = gate()
    const slow = scriptedProvider({ channels: ['sms'], timeout: '1h', replies: [answer.reply] })
    const [alive, other] = processes(store, { providers: [slow] }, { providers: [sms()] })
    const id = await alive.send(['sms'])
    for (const t of [61, 300, 1800]) {
      await other.to(t)
      expect(await other.states(id)).toEqual(['sending'])
    }
    answer.release(accept({ messageId: 'm' }))
    await alive.to(1801)
    expect(await alive.states(id)).toEqual(['awaiting'])

    const dying = world([scriptedProvider({ channels: ['sms'], timeout: '1h', replies: [hang()] })], {
      store,
      createId: () => 'dying',
      start: 1_801_000,
    })
    await dying.send(['sms'])
    await other.to(1860)
    expect(await other.states('dying')).toEqual(['sending'])
    // The sweep finds it: no wake-up of another process is needed.
    await other.to(1910)
    expect(await other.states('dying')).toEqual(['awaiting'])
    expect((await other.record('dying')).steps[0]!.attempts[0]!.state).toBe('unknown')
  })

  test.each([[50], [56], [90]])(
    'of a process that stood still for %i s after the write ahead of its call: only in time is it made',
    async (seconds) => {
      const memory = memoryStore()
      const stored = gate()
      const store = shared({
        ...memory,
        async insert(record) {
          const inserted = memory.insert(record)
          await stored.reply({} as never, AbortSignal.any([]))
          return inserted
        },
      })
      const provider = sms()
      const [one] = processes(store, { providers: [provider] })
      const sending = one.send(['sms'])
      await one.to(seconds)
      stored.release(accept())
      const id = await sending
      await turn()
      const [attempt] = (await one.record(id)).steps[0]!.attempts
      // Clocks may be 5 s apart: 55 s is when another process may take the attempt for lost.
      if (seconds < 55) return expect([provider.calls.length, attempt?.state]).toEqual([1, 'accepted'])
      expect([provider.calls.length, attempt?.state, attempt?.failure?.code]).toEqual([0, 'failed', 'LEASE_LOST'])
      // It is certain that nothing was sent, so it is sent now.
      await one.to(seconds + 5)
      expect(provider.calls).toHaveLength(1)
    },
  )
})

test('a receipt that was parked is heard before its silence counts, though whoever was to look for it has died', async () => {
  const memory = memoryStore()
  let dies = true
  const store = shared({
    ...memory,
    // It dies between the write that makes the message id known and the look for what is parked under it.
    async findParked(...given) {
      if (dies) await new Promise(() => {})
      return memory.findParked(...given)
    },
  })
  const answer = gate()
  const [dying, other] = processes(
    store,
    { providers: [sms(answer.reply), email()] },
    { providers: [sms(), email()], scheduler: deaf },
  )
  const id = await dying.send([{ channel: 'sms', within: '2m' }, 'email'])
  expect(await other.receipt('sms', 'delivered', 'm')).toMatchObject({ parked: 1 })
  answer.release(accept({ messageId: 'm' }))
  await dying.to(1)
  dies = false
  expect(await other.states(id)).toEqual(['awaiting', 'pending'])
  await other.to(180)
  expect(await other.outcome(id)).toMatchObject({ status: 'delivered', by: 'sms' })
})

test('a receipt that was parked for a step that a late delivery supersedes is heard too', async () => {
  const memory = memoryStore()
  let dies = true
  const store = shared({
    ...memory,
    async findParked(provider, ...given) {
      if (dies && provider === 'push') await new Promise(() => {})
      return memory.findParked(provider, ...given)
    },
  })
  const push = scriptedProvider({ channels: ['push'], replies: [accept({ messageId: 'p' })] })
  const [dying, other] = processes(
    store,
    { providers: [sms(accept({ messageId: 'm' })), push] },
    { providers: [sms(), scriptedProvider({ channels: ['push'] })], scheduler: deaf },
  )
  const id = await dying.send([{ channel: 'sms', within: '1m' }, 'push'])
  await other.receipt('push', 'delivered', 'p')
  await dying.to(62)
  dies = false
  expect(await other.states(id)).toEqual(['timed-out', 'awaiting'])
  await other.receipt('sms', 'delivered', 'm')
  await other.notifier.idle()
  expect(await other.outcome(id)).toMatchObject({ status: 'delivered', duplicateDelivery: true })
})

describe('a process that calls no providers', () => {
  const front = (provider: ChannelProvider): Options & { providers: readonly ChannelProvider[] } => ({
    providers: [provider, email()],
    callProviders: false,
  })

  test('stores what send takes, due at once, and another begins it without delay', async () => {
    const [own, theirs] = [sms(), sms()]
    const [web, worker] = processes(shared(), front(own), { providers: [theirs, email()] })
    const id = await web.send(['sms', 'email'])
    expect(await web.record(id)).toMatchObject({ dueAt: 0, steps: [{ state: 'ready', attempts: [] }, { state: 'pending' }] })
    await web.to(1)
    expect([own.calls.length, theirs.calls.length]).toEqual([0, 1])
    expect(await worker.states(id)).toEqual(['awaiting', 'pending'])
  })

  test('takes receipts, and leaves the step that follows from them to another, at once', async () => {
    const mail = email()
    const [web, worker] = processes(shared(), front(sms()), { providers: [sms(accept({ messageId: 'm' })), mail] })
    const id = await web.send(['sms', 'email'])
    await worker.to(1)
    expect(await web.receipt('sms', 'failed', 'm')).toMatchObject({ applied: 1 })
    await worker.to(1.1)
    expect(mail.calls).toHaveLength(1)
    expect(await web.outcome(id)).toMatchObject({ status: 'delivered', by: 'email' })
  })

  test('keeps quiet hours, delays and cancels as any other', async () => {
    const theirs = sms()
    const [web, worker] = processes(shared(), front(sms()), { providers: [theirs, email()] })
    const later = await web.send(['sms'], { sendAt: 60_000 })
    const night = await web.send(['sms'], { window: { from: '09:00', to: '21:00', timeZone: 'UTC' } })
    const gone = await web.send(['sms'], { sendAt: 60_000 })
    expect(await web.notifier.cancel(gone)).toBe('cancelled')
    await worker.to(59)
    expect(theirs.calls).toHaveLength(0)
    await worker.to(60)
    expect(theirs.calls.map(({ notificationId }) => notificationId)).toEqual([later])
    await worker.to(9 * 3600)
    expect(theirs.calls.map(({ notificationId }) => notificationId)).toEqual([later, night])
  })

  test('wakes nothing itself: with nobody else, everything stays due', async () => {
    const own = sms()
    const [web] = processes(shared(), front(own))
    const id = await web.send(['sms'])
    await web.to(3600)
    expect([own.calls.length, (await web.record(id)).dueAt]).toEqual([0, 0])
  })
})

describe('upkeep of a shared store', () => {
  test('sweeps what is overdue when it starts, and within a minute after that, though no wake-up ever comes', async () => {
    const store = shared()
    const [gone] = processes(store, { providers: [sms()], callProviders: false })
    const left = await gone.send(['sms'])
    const clock = virtualClock(60_000)
    const provider = sms()
    const next = world([provider], { store, clock, scheduler: deaf, start: 60_000 })
    await next.to(0.1)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual([left])
    await next.send(['sms'], { sendAt: 61_000 })
    await next.to(60)
    expect(provider.calls).toHaveLength(2)
  })

  test('forgets what settled longer ago than keepFor, and its keys', async () => {
    const store = shared()
    const [one] = processes(store, { providers: [email()], keepFor: '1h' })
    const old = await one.send(['email'], { idempotencyKey: 'k' })
    await one.to(3000)
    const young = await one.send(['email'])
    const waiting = await one.send(['email'], { sendAt: 3_600_000 * 24 })
    await one.to(3700)
    expect(await Promise.all([old, young, waiting].map((id) => one.notifier.get(id)))).toEqual([
      undefined,
      expect.objectContaining({ id: young }),
      expect.objectContaining({ id: waiting }),
    ])
    expect(await one.send(['email'], { idempotencyKey: 'k' })).not.toBe(old)
  })

  test('prunes with tick() too, for those who run under cron', async () => {
    const [one] = processes(shared(), { providers: [email()], keepFor: '1h', scheduler: 'manual' })
    const id = await one.send(['email'])
    await one.to(3601)
    await one.notifier.tick()
    expect(await one.notifier.get(id)).toBeUndefined()
  })

  test('forgets what is old though the sweep fails, time and again', async () => {
    const memory = memoryStore()
    let isAway = false
    const [one] = processes(
      shared({
        ...memory,
        due: (now, limit) => {
          if (isAway) throw new Error('no index')
          return memory.due(now, limit)
        },
      }),
      { providers: [email()], keepFor: '1m', scheduler: deaf },
    )
    const id = await one.send(['email'])
    await one.to(1)
    isAway = true
    await one.to(120)
    expect(await one.notifier.get(id)).toBeUndefined()
  })

  test('goes on after a store that failed, and ends with close: no timer is left', async () => {
    let fails = 3
    const memory = memoryStore()
    const due: NotificationStore['due'] = (now, limit) => {
      if (fails-- > 0) throw new Error('store down')
      return memory.due(now, limit)
    }
    const provider = sms()
    const [one] = processes(shared({ ...memory, due }), { providers: [provider], scheduler: deaf })
    await one.send(['sms'], { sendAt: 1000 })
    await one.to(200)
    expect(provider.calls).toHaveLength(1)
    await one.notifier.close()
    expect(one.clock.timers).toBe(0)
  })
})

test('what a queue wakes while the notifier closes is handed back, for another process to be woken', async () => {
  const scheduled: string[] = []
  let wake = async (_: string) => {}
  const queue: Scheduler = {
    wakeAt: ({ id, time, lease }) => void scheduled.push(`${id} at ${time}${lease ? ', leased' : ''}`),
    start(onWake) {
      wake = onWake
    },
    stop: () => wake('p0-1'),
  }
  const provider = sms()
  const [one] = processes(shared(), { providers: [provider], scheduler: queue })
  await one.send(['sms'], { sendAt: 1000 })
  await one.to(2)
  await one.notifier.close()
  expect(scheduled).toEqual(['p0-1 at 1000', 'p0-1 at 3000'])
  expect(provider.calls).toHaveLength(0)
})

test('a scheduler that is away when the process starts is started as soon as it is back; a close in between leaves nothing behind', async () => {
  let away = 3
  let wake: ((id: string) => Promise<void>) | undefined
  const queue: Scheduler = {
    wakeAt() {},
    async start(onWake) {
      if (away-- > 0) throw new Error('queue down')
      wake = onWake
    },
    stop() {},
  }
  const w = world([sms()], { scheduler: queue })
  const id = await w.send(['sms'], { sendAt: 1000 })
  await w.to(14)
  expect([wake, w.events.filter(({ type }) => type === 'error').length]).toEqual([undefined, 3])
  await w.to(16)
  await wake?.(id)
  await w.to(17)
  expect(await w.states(id)).toEqual(['awaiting'])

  away = 10
  const given = world([sms()], { scheduler: queue })
  await given.to(7)
  await given.notifier.close()
  expect(given.clock.timers).toBe(0)
})

test('a scheduler that fails to start only after the notifier has closed is not started again', async () => {
  let starts = 0
  const clock = virtualClock()
  const slow: Scheduler = {
    wakeAt() {},
    async start() {
      starts++
      await new Promise<void>((resolve) => clock.setTimer(10_000, resolve))
      throw new Error('queue down')
    },
    stop() {},
  }
  const w = world([sms()], { scheduler: slow, store: shared(), clock })
  await w.to(1)
  const closing = w.notifier.close()
  await w.to(9)
  await closing
  await w.to(60)
  expect([starts, clock.timers]).toEqual([1, 0])
})

test('no more notifications are woken at a time than `concurrency`: the rest stays in the store', async () => {
  const gates = Array.from({ length: 10 }, gate)
  const provider = sms(...gates.map(({ reply }) => reply))
  const read: string[] = []
  const memory = memoryStore()
  const get = (id: string) => {
    read.push(id)
    return memory.get(id)
  }
  const one = world([provider], { store: { ...memory, get }, concurrency: 3 })
  for (let i = 0; i < 10; i++) await one.send(['sms'], { sendAt: 1000 })
  await one.to(2)
  expect([provider.calls.length, read.length]).toEqual([3, 3])
  gates[0]!.release()
  await one.to(2.1)
  expect([provider.calls.length, read.length]).toEqual([4, 4])
  for (const { release } of gates) release()
  await one.to(3)
  expect(provider.calls).toHaveLength(10)
})

test('clocks that are 5 s apart do no harm: nothing is sent twice, nothing is left lying, whoever is woken', async () => {
  const store = shared()
  const calls: string[] = []
  const own = (): ChannelProvider[] => [
    {
      name: 'sms',
      channels: ['sms'],
      receipts: 'full',
      timeout: '20s',
      async send({ idempotencyKey }) {
        calls.push(idempotencyKey)
        return { messageId: idempotencyKey }
      },
    },
    email(),
  ]
  const clocks = [virtualClock(0), virtualClock(5000), virtualClock(-5000)]
  const [one, two, three] = clocks.map((clock, index) => {
    let ids = 0
    return world(own(), { store, clock, start: clock.now(), createId: () => `p${index}-${++ids}` })
  }) as [ReturnType<typeof world>, ReturnType<typeof world>, ReturnType<typeof world>]
  const ids: string[] = []
  for (let i = 0; i < 60; i++) {
    const sender = [one, two, three][i % 3]!
    ids.push(await sender.send([{ channel: 'sms', within: '30s' }, 'email'], { sendAt: 10_000 + (i % 7) * 1000 }))
  }
  for (let t = 0; t < 120; t++) for (const process of [two, three, one]) await process.to(t)
  const records = await Promise.all(ids.map((id) => one.record(id)))
  expect(new Set(calls).size).toBe(calls.length)
  expect(calls).toHaveLength(60)
  expect(new Set(records.map(({ outcome }) => `${outcome?.status} by ${outcome?.by}`))).toEqual(new Set(['delivered by email']))
})

describe('onSettled', () => {
  function told(options: Options & { store?: NotificationStore } = {}, ...replies: ReturnType<typeof accept>[]) {
    const heard: NotificationRecord[] = []
    const failures: (() => void)[] = []
    const [w] = processes(shared(options.store), {
      providers: [sms(...replies), email()],
      ...options,
      async onSettled(record) {
        failures.shift()?.()
        heard.push(record)
      },
    })
    return { w, heard, failures }
  }
  const down = () => {
    throw new Error('warehouse down')
  }

  test('is told once of each notification, whole, and nothing stays due', async () => {
    const { w, heard } = told()
    const id = await w.send(['email'])
    await w.to(3600)
    expect(heard).toMatchObject([{ id, outcome: { status: 'delivered', by: 'email' } }])
    expect(await w.record(id)).toMatchObject({ dueAt: null, version: heard[0]!.version + 1 })
  })

  test('that throws is told again every minute until it does not; the error is told', async () => {
    const { w, heard, failures } = told()
    failures.push(down, down)
    const id = await w.send(['email'])
    await w.to(119)
    expect(heard).toHaveLength(0)
    await w.to(121)
    expect(heard.map((record) => record.id)).toEqual([id])
    expect(w.events.filter(({ type }) => type === 'error')).toHaveLength(2)
    expect((await w.record(id)).dueAt).toBeNull()
  })

  test('that never answers holds up nothing else, and is told again after 10 minutes', async () => {
    let calls = 0
    const provider = sms()
    const [w] = processes(shared(), {
      providers: [provider, email()],
      onSettled: () => {
        calls++
        return new Promise(() => {})
      },
    })
    await w.send(['email'])
    const later = await w.send(['sms'], { sendAt: 200_000 })
    await w.to(201)
    expect(provider.calls.map(({ notificationId }) => notificationId)).toEqual([later])
    await w.to(590)
    expect(calls).toBe(2)
    await w.to(680)
    expect(calls).toBe(3)
    const closing = w.notifier.close({ timeout: '1s' })
    await w.to(690)
    await closing
  })

  test('that is slow is told once, and once more of a receipt that came meanwhile', async () => {
    const answer = gate()
    const heard: NotificationRecord[] = []
    const [w] = processes(shared(), {
      providers: [sms(accept({ messageId: 'm' }))],
      async onSettled(record) {
        heard.push(record)
        if (heard.length === 1) await answer.reply({} as never, AbortSignal.any([]))
      },
    })
    const id = await w.send([{ channel: 'sms', within: '30s' }])
    await w.to(200)
    await w.receipt('sms', 'delivered', 'm')
    await w.to(250)
    expect(heard).toHaveLength(1)
    answer.release(accept())
    await w.to(330)
    expect(heard.map(({ outcome }) => outcome?.status)).toEqual(['failed', 'delivered'])
    expect((await w.record(id)).dueAt).toBeNull()
  })

  test('that is slow need not answer before it is taken for told', async () => {
    const answer = gate()
    let calls = 0
    const [w] = processes(shared(), {
      providers: [email()],
      async onSettled() {
        calls++
        await answer.reply({} as never, AbortSignal.any([]))
      },
    })
    const id = await w.send(['email'])
    await w.to(150)
    answer.release(accept())
    await w.to(400)
    expect([calls, (await w.record(id)).dueAt]).toEqual([1, null])
  })

  test('is not kept from those who have it by a process without it whose clock is ahead', async () => {
    const store = memoryStore()
    const { w: teller, heard, failures } = told({ store })
    failures.push(down)
    await teller.send(['email'])
    await turn()
    const ahead = world([email()], { store: shared(store), start: 5000 })
    for (let t = 5; t <= 90; t += 5) {
      await ahead.to(t)
      await teller.to(t)
    }
    expect(heard).toHaveLength(1)
  })

  test('is not taken for told by a process without it', async () => {
    const store = memoryStore()
    const { w: teller, heard, failures } = told({ store })
    failures.push(down)
    const id = await teller.send(['email'])
    await turn()
    const [hookless] = processes(shared(store), { providers: [email()], scheduler: 'manual' })
    expect(await hookless.notifier.cancel(id)).toBe('already-settled')
    await teller.to(70)
    expect(heard).toHaveLength(1)
  })

  test('whose process died before it was told is told by the next', async () => {
    const store = memoryStore()
    const { w: dead, heard: unheard, failures } = told({ store })
    failures.push(down)
    const id = await dead.send(['email'])
    await turn()
    const { w: next, heard } = told({ store })
    await next.to(61)
    expect([unheard.length, heard.length]).toEqual([0, 1])
    expect((await next.record(id)).dueAt).toBeNull()
  })

  test('is told anew when a late receipt corrects the outcome, and not when it does not', async () => {
    const { w, heard } = told({}, accept({ messageId: 'm' }))
    await w.send([{ channel: 'sms', within: '30s' }])
    await w.to(40)
    await w.receipt('sms', 'delivered', 'm')
    await w.receipt('sms', 'read', 'm')
    await w.to(200)
    expect(heard.map(({ outcome }) => outcome?.status)).toEqual(['failed', 'delivered'])
  })

  test('left out in one process, is left to the others for a day; then nobody is there to be told', async () => {
    const store = memoryStore()
    const { w: dead, failures } = told({ store })
    failures.push(down)
    const id = await dead.send(['email'])
    await turn()
    const [hookless] = processes(shared(store), { providers: [email()] })
    await hookless.to(7200)
    const kept = await hookless.record(id)
    expect(kept.dueAt).toBeGreaterThan(7_200_000)
    await hookless.to(24 * 3600 + 100)
    expect((await hookless.record(id)).dueAt).toBeNull()
  })

  test('is told of a notification before that is pruned, however long it takes', async () => {
    const { w, heard, failures } = told({ keepFor: '1m' })
    failures.push(...Array.from({ length: 5 }, () => down))
    const id = await w.send(['email'])
    await w.to(290)
    expect(await w.notifier.get(id)).toBeDefined()
    await w.to(600)
    expect([heard.length, await w.notifier.get(id)]).toEqual([1, undefined])
  })
})

describe('watch', () => {
  test('gives the record now, after each change, whoever made it, and ends once it has settled', async () => {
    const [one, two] = processes(
      shared(),
      { providers: [sms(fail('transient'), accept({ messageId: 'm' }))] },
      { providers: [sms()], callProviders: false },
    )
    const id = await one.send(['sms'], { sendAt: 1000 })
    const states: string[] = []
    const watching = (async () => {
      for await (const { steps } of two.notifier.watch(id)) states.push(steps[0]!.state)
    })()
    await one.to(5)
    await one.receipt('sms', 'delivered', 'm')
    await one.to(6)
    await watching
    expect(states).toEqual(['pending', 'sending', 'ready', 'sending', 'awaiting', 'succeeded'])
    await one.notifier.close()
    await two.notifier.close()
    expect(one.clock.timers).toBe(0)
  })

  test.each([
    ['tells of changes late, or not at all', memoryStore(), 5],
    ['does not tell', { ...memoryStore(), watch: undefined }, 1],
  ])('a store that %s is looked at now and then', async (_, memory, seconds) => {
    const { watch: __, ...silent } = memory
    const store = shared(seconds === 5 ? { ...silent, watch: () => async () => {} } : silent)
    const [one, two] = processes(store, { providers: [email()] }, { providers: [email()] })
    const id = await one.send(['email'], { sendAt: 1000 })
    let outcome: unknown
    void two.notifier.settled(id).then((settled) => {
      outcome = settled
    })
    await two.to(seconds + 1)
    expect(outcome).toMatchObject({ status: 'delivered' })
    await one.notifier.close()
    await two.notifier.close()
    expect(one.clock.timers).toBe(0)
  })

  test('gives copies, and stops when its reader does, or its signal aborts', async () => {
    const [one] = processes(shared(), { providers: [sms()] })
    const id = await one.send(['sms'])
    for await (const record of one.notifier.watch(id)) {
      ;(record.to as { phone: string }).phone = 'changed'
      break
    }
    expect((await one.record(id)).to.phone).not.toBe('changed')
    const abort = new AbortController()
    const next = one.notifier.watch(id, { signal: abort.signal })
    await next.next()
    const waiting = next.next()
    abort.abort(new Error('tired'))
    await expect(waiting).rejects.toThrow('tired')
    await one.notifier.close()
    expect(one.clock.timers).toBe(0)
  })

  test('a notification that there is none of, and a notifier that is closed, are errors', async () => {
    const [one] = processes(shared(), { providers: [sms()] })
    await expect(one.notifier.watch('n9').next()).rejects.toMatchObject({ code: 'not-found' })
    const id = await one.send(['sms'])
    await one.to(1)
    const watching = one.notifier.watch(id)
    await watching.next()
    const refused = expect(watching.next()).rejects.toMatchObject({ code: 'closed' })
    const closing = one.notifier.close()
    await one.to(60)
    await closing
    await refused
  })

  test('a store that cannot be watched is an error event, and is looked at all the same', async () => {
    const watch = async () => {
      throw new Error('no LISTEN here')
    }
    const [one, two] = processes(
      shared({ ...memoryStore(), watch }),
      { providers: [email()] },
      { providers: [email()], callProviders: false },
    )
    const id = await one.send(['email'], { sendAt: 1000 })
    const settling = two.notifier.settled(id)
    await two.to(6)
    expect(await settling).toMatchObject({ status: 'delivered' })
    expect(two.events.filter(({ type }) => type === 'error')).toHaveLength(1)
  })
})
