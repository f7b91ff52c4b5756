import type { Effect, Input, Transition } from '../cascade/input.ts'
import type { OperatorEvents, TimelineEntry } from '../contract/events.ts'
import type { Awaitable } from '../contract/json.ts'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Scheduler } from '../contract/store.ts'
import type { Suppression } from '../contract/suppression.ts'
import { type WakeUp, wakeUpOf } from '../contract/wake-up.ts'
import { chain } from './awaitable.ts'
import type { Begin, Prepared, WithoutAt } from './begin.ts'
import type { DispatchContext } from './dispatch.ts'
import { lazy } from './lazy.ts'
import type { Receipts, ReceiptsContext } from './receipts.ts'
import type { Work } from './work.ts'

/** What the machine needs to act: where records live, who wakes them, whom to call and whom to tell. */
export interface EngineContext extends DispatchContext, ReceiptsContext {
  readonly scheduler: Scheduler
  /** How many woken notifications may be in hand at a time. */
  readonly concurrency: number
  /** A record was stored by this process. */
  readonly onStored: (record: NotificationRecord, effects: readonly Effect[]) => void
  readonly onSettled: ((record: NotificationRecord) => Awaitable<void>) | undefined
}

/** What became of a new record: the stored one, which is another's if its idempotency key was taken, and the calls that were started. */
export interface Entered {
  readonly record: NotificationRecord
  readonly created: boolean
  readonly work: readonly Promise<unknown>[]
}

/** A record before and after an input: the same one where that changed nothing. */
export interface Applied {
  readonly before: NotificationRecord
  readonly after: NotificationRecord
}

/** Runs the machine on stored records, and its effects in the world. */
export interface Engine extends Pick<Receipts, 'ingest' | 'deliveryTimes'>, Required<Pick<ReceiptSink, 'suppress'>> {
  /** Begins a new record's first steps and stores it. */
  enter(record: NotificationRecord): Awaitable<Entered>
  /** Applies an input to a stored record: read, step, compare and swap, again if another process came first. */
  apply(known: NotificationRecord, input: WithoutAt<Input>): Awaitable<Applied>
  /** Counts as under way until it ends. */
  watch<T>(work: Promise<T>): Promise<T>
  /** Sees to a notification that may be due, once there is room for it. Never rejects. */
  wake(id: string): Promise<void>
  /** Resolves once nothing is under way in this process. */
  idle(): Promise<void>
  /** Stops beginning anything new: what is due stays due, for the next process. */
  stop(): void
  /** Gives up what is under way: calls are cut, their results unknown and written down as such; what waits to be sent stays due. */
  cut(): void
}

/** What the parts of the engine that load later need of it. */
export interface EngineCore extends Pick<Engine, 'apply' | 'ingest' | 'watch'> {
  /** Acts on what was stored; the calls that this starts are added to `work`. */
  follow(transition: Transition, work?: Promise<void>[], begun?: ReadonlyMap<Effect, Promise<Prepared>>): void
  tell(record: NotificationRecord, entry: TimelineEntry, work: Promise<void>[]): void
  schedule(wakeUp: WakeUp | null): Awaitable<void>
  /** Woken though this process has stopped: another is to be. */
  handBack(id: string): Awaitable<void>
  /** Work that nobody waits for: if it fails, the operator hears of it. */
  track(work: Promise<unknown>, id: string): Promise<void>
  /** Applies what was parked under the keys of a step's attempts before they were known; true if anything was. */
  hearParked(record: NotificationRecord, step: number): Promise<boolean>
}

// By then the queue gives this process nothing more.
const handBackAfter = 1000

/** Connects the pure machine to store, scheduler, providers and events. */
export function createEngine(context: EngineContext): Engine {
  const { store, scheduler, events, clock, suppression: suppressionList } = context
  // Such a store writes the wake-ups itself, with the records.
  const enlisted = store.enlist?.(scheduler) ?? false
  const underWay = new Set<Promise<unknown>>()
  let stopped = false
  let wasCut = false

  function watch<T>(work: Promise<T>): Promise<T> {
    const ended = () => underWay.delete(work)
    underWay.add(work)
    work.then(ended, ended)
    return work
  }

  function track(work: Promise<unknown>, id: string): Promise<void> {
    const ended: Promise<void> = work.then(
      () => void underWay.delete(ended),
      (error) => {
        underWay.delete(ended)
        events.error(error, id)
      },
    )
    underWay.add(ended)
    return ended
  }

  /** What follows once a transition is stored, except the calls, which belong to whoever asked for them. */
  function follow(
    { record, effects }: Transition,
    work: Promise<void>[] = [],
    begun?: ReadonlyMap<Effect, Promise<Prepared>>,
  ): void {
    for (const effect of effects) {
      if (effect.type === 'emit') tell(record, effect.entry, work)
      else if (effect.type === 'begin') begin(record, effect, work, begun?.get(effect))
      else if (effect.type === 'cancelAtProvider') work.push(doLater(record, (loaded) => loaded.cancelAtProvider(record, effect)))
    }
    context.onStored(record, effects)
    // It was stored as due, for the host to hear of its outcome.
    if (record.settledAt !== null && record.dueAt !== null && context.onSettled !== undefined)
      work.push(doLater(record, (loaded) => loaded.tellHost(record)))
    if (!enlisted) void schedule(wakeUpOf(record))
  }

  function schedule(wakeUp: WakeUp | null): Awaitable<void> {
    if (wakeUp === null) return
    try {
      const scheduled = scheduler.wakeAt(wakeUp)
      return scheduled instanceof Promise ? track(scheduled, wakeUp.id) : undefined
    } catch (error) {
      events.error(error, wakeUp.id)
    }
  }

  function begin(record: NotificationRecord, effect: Begin, work: Promise<void>[], begun: Promise<Prepared> | undefined): void {
    // What was prepared before the end is still sent; anything else stays due, for the next process.
    if (stopped && begun === undefined) return
    work.push(doLater(record, (loaded) => loaded.begin(record, effect, begun)))
  }

  /** Once the part that does it is loaded. */
  function doLater({ id }: NotificationRecord, run: (loaded: Work) => Promise<void>): Promise<void> {
    return track((async () => run(await loadWork()))(), id)
  }

  function tell(record: NotificationRecord, entry: TimelineEntry, work: Promise<void>[]): void {
    events.timeline(record, entry)
    // Nobody waits for its receipts any more, so nobody else would look for those that a crash has left parked.
    if (entry.type === 'step.superseded' || (entry.type === 'step.failed' && entry.reason === 'undelivered'))
      work.push(track(hearParked(record, entry.step), record.id))
    if (entry.type === 'attempt.failed' && entry.failure.kind === 'recipient')
      work.push(track(reportRefusal(record, entry), record.id))
    if (entry.type !== 'step.failed' || entry.failure?.kind !== 'content') return
    events.operator('content.refused', { id: record.id, step: entry.step, channel: entry.channel, failure: entry.failure })
  }

  /** A provider has refused the address. */
  async function reportRefusal({ steps }: NotificationRecord, entry: Extract<TimelineEntry, { type: 'attempt.failed' }>) {
    const { step, attempt, channel, provider, at, failure } = entry
    const address = steps[step]!.attempts[attempt]!.to
    if (address === null) return
    const raw = failure.code === undefined ? {} : { raw: String(failure.code) }
    await suppress([{ state: 'suppressed', provider, channel, address, reason: 'refused', at, ...raw }])
  }

  async function suppress(suppressions: Iterable<Suppression>): Promise<void> {
    for (const suppression of suppressions) {
      await suppressionList?.add?.(suppression)
      events.operator(`recipient.${suppression.state}`, { suppression } as OperatorEvents['recipient.suppressed'])
    }
  }

  const committing = {
    store,
    clock,
    onSettled: context.onSettled,
    // What this process begins no more is left due at once, for another.
    get defers() {
      return context.defers || stopped
    },
  }

  const apply: Engine['apply'] = (known, input) =>
    chain(loadCommit(), ({ commit }) =>
      chain(commit(known, input, committing), (committed) => {
        const { before, record: after } = committed
        if (after !== before) follow(committed)
        return { before, after }
      }),
    )

  const loadCommit = lazy(() => import('./commit.ts'))

  let work: Work | undefined
  const loadWork = lazy(async () => {
    const { createWork } = await import('./work.ts')
    work = createWork(context, core)
    // The end may have come while it was loaded.
    if (stopped) work.stop()
    if (wasCut) work.cut()
    return work
  })

  let receipts: Receipts | undefined
  const loadReceipts = lazy(async () => {
    const { createReceipts } = await import('./receipts.ts')
    receipts = createReceipts({ apply, watch }, context)
    return receipts
  })

  async function hearParked(record: NotificationRecord, index: number): Promise<boolean> {
    let heard = false
    for (const { provider, keys } of record.steps[index]!.attempts) {
      const waiting = keys.length === 0 ? [] : await store.findParked(provider, keys, clock.now())
      if (waiting.length === 0) continue
      heard = true
      await (await loadReceipts()).applyParked(waiting)
    }
    return heard
  }

  const ingest: Engine['ingest'] = async (incoming) => (await loadReceipts()).ingest(incoming)

  const core: EngineCore = {
    follow,
    apply,
    ingest,
    watch,
    tell,
    schedule,
    handBack: (id) => schedule({ id, time: clock.now() + handBackAfter, lease: false }),
    track,
    hearParked,
  }

  return {
    enter(planned) {
      const entered = chain(loadWork(), ({ enter }) => enter(planned))
      return entered instanceof Promise ? watch(entered) : entered
    },
    apply,
    ingest,
    suppress,
    deliveryTimes: (provider) => receipts?.deliveryTimes(provider) ?? null,
    watch,
    wake: (id) => watch((async () => (await loadWork()).wake(id))()),
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
    stop() {
      stopped = true
      work?.stop()
    },
    cut() {
      wasCut = true
      work?.cut()
    },
  }
}
