import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import type { Scheduler } from '../contract/store.ts'
import type { Begin, Prepared, WithoutAt } from './begin.ts'
import type { Dispatch, DispatchContext } from './dispatch.ts'
import { lazy } from './lazy.ts'
import type { Receipts, ReceiptsContext } from './receipts.ts'

/** What the machine needs to act: where records live, who wakes them, whom to call and whom to tell. */
export interface EngineContext extends DispatchContext, ReceiptsContext {
  readonly scheduler: Scheduler
  readonly onSettled: (id: string, outcome: Outcome) => void
}

/** Runs the machine on stored records, and its effects in the world. */
export interface Engine extends Pick<Receipts, 'ingest' | 'deliveryTimes'> {
  /** Begins a new record's first steps and stores it; `work` ends with the calls that this started. */
  enter(
    record: NotificationRecord,
  ): Promise<{ readonly record: NotificationRecord; readonly created: boolean; readonly work: Promise<unknown> }>
  /** Applies an input to a stored record: read, step, compare and swap, again if another process came first. */
  apply(
    known: NotificationRecord,
    input: WithoutAt<Input>,
  ): Promise<{ readonly before: NotificationRecord; readonly after: NotificationRecord }>
  /** Counts as under way until it ends. */
  watch<T>(work: Promise<T>): Promise<T>
  /** Sees to a notification that may be due. Never rejects. */
  wake(id: string): Promise<void>
  /** Resolves once nothing is under way in this process. */
  idle(): Promise<void>
  /** Stops beginning anything new: what is due stays due, for the next process. */
  stop(): void
  /** Gives up what is under way: calls are cut, their results unknown and written down as such; what waits to be sent stays due. */
  cut(): void
}

/** What the parts of the engine that load later need of it. */
export interface EngineCore extends Pick<Engine, 'apply'> {
  commit(known: NotificationRecord, input: WithoutAt<Input>): Promise<Transition & { before: NotificationRecord }>
  follow(transition: Transition): void
  /** Work that nobody waits for: if it fails, the operator hears of it. */
  track(work: Promise<unknown>, id: string): Promise<void>
  /** Applies what was parked under an attempt's keys before they were known. */
  applyParked(record: NotificationRecord, step: number, attempt: number): Promise<void>
}

/** Connects the pure machine to store, scheduler, providers and events. */
export function createEngine(context: EngineContext): Engine {
  const { store, scheduler, events, clock } = context
  const underWay = new Set<Promise<unknown>>()
  let stopped = false

  function watch<T>(work: Promise<T>): Promise<T> {
    const ended = () => underWay.delete(work)
    underWay.add(work)
    work.then(ended, ended)
    return work
  }

  function track(work: Promise<unknown>, id: string): Promise<void> {
    return watch(
      work.then(
        () => {},
        (error) => events.error(error, id),
      ),
    )
  }

  async function commit(
    known: NotificationRecord,
    input: WithoutAt<Input>,
  ): Promise<Transition & { before: NotificationRecord }> {
    for (let before = known; ; ) {
      const transition = step(before, { ...input, at: clock.now() } as Input)
      if (transition.record === before) return { ...transition, before }
      if (await store.update(transition.record, before.version)) return { ...transition, before }
      const stored = await store.get(known.id)
      // A record that the store has since dropped had settled long ago: nothing is left to do.
      if (stored === undefined) return { record: before, effects: [], before }
      before = stored
    }
  }

  /** What follows once a transition is stored, except the calls, which belong to whoever asked for them. */
  function follow(
    { record, effects }: Transition,
    work: Promise<void>[] = [],
    begun?: ReadonlyMap<Effect, Promise<Prepared>>,
  ): void {
    for (const effect of effects) {
      if (effect.type === 'emit') tell(record, effect.entry)
      else if (effect.type === 'begin') begin(record, effect, work, begun?.get(effect))
      else if (effect.type === 'cancelAtProvider')
        work.push(
          track(
            loadDispatch().then((loaded) => loaded.cancelAtProvider(record, effect)),
            record.id,
          ),
        )
    }
    if (record.settledAt !== null && effects.length > 0) context.onSettled(record.id, record.outcome!)
    if (record.dueAt !== null) void wakeAt(record.id, record.dueAt)
  }

  async function wakeAt(id: string, time: number): Promise<void> {
    try {
      await scheduler.wakeAt(id, time)
    } catch (error) {
      events.error(error, id)
    }
  }

  function begin(record: NotificationRecord, effect: Begin, work: Promise<void>[], begun: Promise<Prepared> | undefined): void {
    // What was prepared before the end is still sent; anything else stays due, for the next process.
    if (stopped && begun === undefined) return
    work.push(
      track(
        loadDispatch().then((loaded) => loaded.begin(record, effect, begun)),
        record.id,
      ),
    )
  }

  function tell(record: NotificationRecord, entry: TimelineEntry): void {
    events.timeline(record.id, entry)
    if (entry.type !== 'step.failed' || entry.failure?.kind !== 'content') return
    events.operator('content.refused', { id: record.id, step: entry.step, channel: entry.channel, failure: entry.failure })
  }

  async function apply(known: NotificationRecord, input: WithoutAt<Input>) {
    const transition = await commit(known, input)
    follow(transition)
    return { before: transition.before, after: transition.record }
  }

  let dispatch: Dispatch | undefined
  const loadDispatch = lazy(async () => {
    const { createDispatch } = await import('./dispatch.ts')
    dispatch = createDispatch(context, core)
    return dispatch
  })

  let receipts: Receipts | undefined
  const loadReceipts = lazy(async () => {
    const { createReceipts } = await import('./receipts.ts')
    receipts = createReceipts({ apply, watch }, context)
    return receipts
  })

  async function enter(planned: NotificationRecord) {
    const { prepareFirst, start, abandon } = await loadDispatch()
    const first = prepareFirst(planned)
    const { record } = first.transition
    let created = false
    try {
      const inserted = await store.insert(record)
      created = inserted.created
      if (!created) return { record: inserted.record, created, work: Promise.resolve() }
    } finally {
      if (!created) abandon(first)
    }
    for (const entry of planned.timeline) tell(record, entry)
    const work = start(record, first)
    follow(first.transition, work, first.begun)
    return { record, created, work: Promise.all(work) }
  }

  async function wake(id: string): Promise<void> {
    if (stopped) return
    try {
      const record = await store.get(id)
      if (record !== undefined) await apply(record, { type: 'woke' })
    } catch (error) {
      events.error(error, id)
    }
  }

  const core: EngineCore = {
    commit,
    follow,
    apply,
    track,
    async applyParked(record, index, attempt) {
      const { provider, keys } = record.steps[index]!.attempts[attempt]!
      const waiting = keys.length === 0 ? [] : await store.findParked(provider, keys, clock.now())
      if (waiting.length > 0) await (await loadReceipts()).applyParked(waiting)
    },
  }

  return {
    enter: (planned) => watch(enter(planned)),
    apply,
    ingest: async (incoming) => (await loadReceipts()).ingest(incoming),
    deliveryTimes: (provider) => receipts?.deliveryTimes(provider) ?? null,
    watch,
    wake: (id) => watch(wake(id)),
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
    stop() {
      stopped = true
    },
    cut() {
      dispatch?.cut()
    },
  }
}
