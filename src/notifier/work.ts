import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import { StoreError } from '../contract/store-error.ts'
import { wakeUpOf } from '../contract/wake-up.ts'
import { chain, guarded } from './awaitable.ts'
import { keepToTell, toldAgainAfter } from './commit.ts'
import { createDispatch, type Dispatch, type FirstSteps } from './dispatch.ts'
import { endableClock } from './endable-clock.ts'
import type { Engine, EngineContext, EngineCore, Entered } from './engine.ts'
import { lazy } from './lazy.ts'
import { createLimiter } from './limiter.ts'
import type { Polling } from './polling.ts'
import { within } from './within.ts'

// Loaded with the first request or wake-up: a process that only takes webhooks moves nothing on by itself.

const day = 24 * 60 * 60 * 1000
// Before it is told again.
const hookTimeout = 30_000
// One that has not answered by then never will: it is called once more.
const hookHangs = 10 * 60_000
const hookSilent = 'onSettled did not answer in time: it is told again'

/** Moves records on: new ones, and those that are woken. */
export interface Work extends Pick<Engine, 'enter' | 'wake' | 'stop' | 'cut'>, Pick<Dispatch, 'begin' | 'cancelAtProvider'> {
  /** Tells the host of an outcome; only then does its record wait for nothing any more. */
  tellHost(record: NotificationRecord): Promise<void>
}

/** The host is being told of a record: since when, and the record as it was last put off. */
interface Telling {
  readonly since: number
  last: NotificationRecord
}

type Inserted = Awaited<ReturnType<NotificationStore['insert']>>

/** What a record's turn comes to, in one write where it can be. */
export function createWork(context: EngineContext, core: EngineCore): Work {
  const { store, clock, events, onSettled, providers } = context
  const patience = endableClock(clock)
  const { prepareFirst, start, abandon, disown, begin, cancelAtProvider, cut } = createDispatch(context, core, {
    patience,
    expectReceipt,
  })
  // A backlog stays in the store.
  const room = createLimiter({ concurrency: context.concurrency }, clock)
  let stopped = false
  let disowning = 0
  const telling = new Map<string, Telling>()

  let polling: Polling | undefined
  const loadPolling = lazy(async () => {
    const { createPolling } = await import('./polling.ts')
    const track = (work: Promise<unknown>) => core.watch(work)
    polling = createPolling({ clock: patience, ingest: core.ingest, track, onError: events.error })
    if (stopped) polling.stop()
    return polling
  })

  /** Those of a step's accepted messages whose providers are polled. */
  function pollable(record: NotificationRecord, index: number) {
    const { channel, attempts } = record.steps[index]!
    return attempts.flatMap(({ provider: name, state, messageId, keys, startedAt }) => {
      const provider = providers.find((candidate) => candidate.name === name)
      if (provider?.poll === undefined || state !== 'accepted') return []
      return [{ provider, message: { channel, messageId: messageId ?? undefined, keys, startedAt } }]
    })
  }

  async function expectReceipt(record: NotificationRecord, index: number): Promise<void> {
    const { state, dueAt } = record.steps[index]!
    if (state !== 'awaiting') return
    const { expect } = await loadPolling()
    for (const { provider, message } of pollable(record, index)) expect(provider, message, dueAt ?? 0)
  }

  function enter(planned: NotificationRecord): Awaitable<Entered> {
    const first = prepareFirst(planned, true)
    const transition = keepToTell(first.transition, context)
    const { record } = transition
    return chain(insert(record, first), (inserted) => {
      if (!inserted.created) {
        abandon(first)
        return { ...inserted, work: [] }
      }
      const work = start(record, first)
      for (const entry of planned.timeline) core.tell(record, entry, work)
      core.follow(transition, work, first.begun)
      return { record, created: true, work }
    })
  }

  function insert(record: NotificationRecord, first: FirstSteps): Awaitable<Inserted> {
    return orAbandon(
      first,
      () => store.insert(record),
      (error) => {
        // A store that is away for long must not fill the memory with what it may not even have.
        if (!(error instanceof StoreError) || error.fault !== 'unavailable' || disowning >= context.concurrency) return
        disowning++
        void core.track(disown(record, first), record.id).then(() => disowning--)
      },
    )
  }

  /** What was prepared for a change gives its permits back if the store fails. */
  function orAbandon<T>(first: FirstSteps, write: () => Awaitable<T>, failed?: (error: unknown) => void): Awaitable<T> {
    return guarded(write, (error) => {
      failed?.(error)
      abandon(first)
      throw error
    })
  }

  async function wake(id: string): Promise<void> {
    const entered = room.enter()
    if (entered instanceof Promise) await entered
    const work: Promise<void>[] = []
    try {
      await moveOn(id, work)
    } catch (error) {
      events.error(error, id)
    }
    // What is begun keeps its room until it has ended; whoever wakes need not wait for that.
    void Promise.all(work).then(() => room.leave())
  }

  async function moveOn(id: string, work: Promise<void>[]): Promise<void> {
    let hasLooked = false
    while (!stopped) {
      const record = await store.get(id)
      if (record === undefined) return
      if (record.settledAt !== null) return isDue(record) ? tellAgain(record, work) : undefined
      if (!hasLooked) {
        hasLooked = true
        if (await hearSilent(record)) continue
      }
      const wasDue = isDue(record)
      const first = prepareFirst(record, false)
      // Woken too early, by a clock that is ahead of this one, say.
      if (first.transition.record === record) return wasDue ? undefined : core.schedule(wakeUpOf(record))
      const transition = keepToTell(first.transition, context)
      if (!(await orAbandon(first, () => store.update(transition.record, record.version)))) {
        abandon(first)
        continue
      }
      work.push(...start(transition.record, first))
      return core.follow(transition, work, first.begun)
    }
    await core.handBack(id)
  }

  /** Before silence is taken for an answer: who was to look for parked receipts, or to poll, may have died on the way. True if there were any. */
  async function hearSilent(record: NotificationRecord): Promise<boolean> {
    let heard = false
    for (const [index, step] of record.steps.entries()) {
      if (step.state !== 'awaiting' || step.dueAt! > clock.now()) continue
      heard = (await core.hearParked(record, index)) || heard
      for (const { provider, message } of pollable(record, index))
        heard = (await (await loadPolling()).ask(provider, message)) || heard
    }
    return heard
  }

  function isDue({ dueAt }: NotificationRecord): boolean {
    return dueAt !== null && dueAt <= clock.now()
  }

  /** Puts it off first, so that nobody else tells it meanwhile, nor this process without a pause. */
  async function tellAgain(record: NotificationRecord, work: Promise<void>[]): Promise<void> {
    const now = clock.now()
    // A process that was given no hook leaves it to one that was: it touches it late, lest it always come first, and not for ever, as the app may
    // have dropped the hook.
    if (onSettled === undefined && now - record.dueAt! < toldAgainAfter) return
    const isGivenUp = onSettled === undefined && now - record.settledAt! >= day
    const claimed = { ...record, version: record.version + 1, dueAt: isGivenUp ? null : now + toldAgainAfter }
    if (!(await store.update(claimed, record.version))) return
    void core.schedule(wakeUpOf(claimed))
    const told = telling.get(record.id)
    if (told?.last.version === record.version) told.last = claimed
    // Whoever wakes does not wait for the host.
    work.push(core.track(tellHost(claimed), record.id))
  }

  async function tellHost(record: NotificationRecord): Promise<void> {
    if (onSettled === undefined) return
    const since = clock.now()
    const before = telling.get(record.id)
    // It stays due: the host hears of a notification once at a time.
    if (before !== undefined && since - before.since < hookHangs) return
    const own: Telling = { since, last: record }
    telling.set(record.id, own)
    const told = tellOnce(own, onSettled).finally(() => {
      if (telling.get(record.id) === own) telling.delete(record.id)
    })
    if (!(await within(told, hookTimeout, patience, () => false))) throw new Error(hookSilent)
  }

  async function tellOnce(own: Telling, hook: NonNullable<typeof onSettled>): Promise<true> {
    await hook(structuredClone(own.last))
    const { version } = own.last
    // Where a receipt has come meanwhile, it stays due, and is told once more.
    await store.update({ ...own.last, version: version + 1, dueAt: null }, version)
    return true
  }

  return {
    enter,
    wake,
    begin,
    cancelAtProvider,
    tellHost,
    stop() {
      stopped = true
      polling?.stop()
      room.close()
    },
    cut,
  }
}
