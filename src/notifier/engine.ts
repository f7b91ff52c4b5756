import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { SendRequest } from '../contract/provider.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import type { Scheduler } from '../contract/store.ts'
import { type BeginContext, type Prepared, prepare } from './begin.ts'
import { type Called, call, defaultTimeout } from './call.ts'
import type { Permit } from './pool.ts'
import { createReceipts, type Receipts, type ReceiptsContext } from './receipts.ts'

type WithoutAt<T> = T extends unknown ? Omit<T, 'at'> : never
type Begin = Extract<Effect, { type: 'begin' }>
type Cut = Extract<Effect, { type: 'cancelAtProvider' }>

/** What the machine needs to act: where records live, who wakes them, whom to call and whom to tell. */
export interface EngineContext extends BeginContext, ReceiptsContext {
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly onSettled: (id: string, outcome: Outcome) => void
}

/** Runs the machine on stored records, and its effects in the world. */
export interface Engine {
  /** Begins a new record's first steps and stores it; `work` ends with the calls that this started. */
  enter(
    record: NotificationRecord,
  ): Promise<{ readonly record: NotificationRecord; readonly created: boolean; readonly work: Promise<unknown> }>
  /** Applies an input to a stored record: read, step, compare and swap, again if another process came first. */
  apply(
    known: NotificationRecord,
    input: WithoutAt<Input>,
  ): Promise<{ readonly before: NotificationRecord; readonly after: NotificationRecord }>
  /** Sees to a notification that may be due. Never rejects. */
  wake(id: string): Promise<void>
  /** Resolves once nothing is under way in this process. */
  idle(): Promise<void>
  /** Stops beginning anything new. */
  stop(): void
}

interface Call {
  readonly step: number
  readonly attempt: number
  readonly permit: Permit
  readonly request: SendRequest
}

/** Connects the pure machine to store, scheduler, providers and events. */
export function createEngine(context: EngineContext): Engine & Pick<Receipts, 'ingest'> {
  const { store, scheduler, events, clock, random } = context
  const underWay = new Set<Promise<unknown>>()
  const beginning = new Set<string>()
  let stopped = false

  function track(work: Promise<unknown>, id: string): Promise<void> {
    const tracked: Promise<void> = work
      .then(
        () => {},
        (error) => events.error(error, id),
      )
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
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
  function follow({ record, effects }: Transition, work: Promise<void>[] = []): void {
    for (const effect of effects) {
      if (effect.type === 'emit') tell(record, effect.entry)
      else if (effect.type === 'begin' && !stopped) work.push(track(begin(record, effect), record.id))
      else if (effect.type === 'cancelAtProvider') work.push(track(cancelAtProvider(record, effect), record.id))
    }
    if (record.settledAt !== null && effects.length > 0) context.onSettled(record.id, record.outcome!)
    if (record.dueAt !== null)
      void Promise.resolve(scheduler.wakeAt(record.id, record.dueAt)).catch((error) => events.error(error, record.id))
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

  async function begin(record: NotificationRecord, effect: Begin): Promise<void> {
    const key = `${record.id}.${effect.step}.${effect.attempt}`
    // Woken while it waits for a permit or a hook: it is being seen to.
    if (beginning.has(key)) return
    beginning.add(key)
    try {
      const { input, call: ready } = await prepare(record, effect, context)
      const transition = await startOrLeave(ready, effect, () => commit(record, input))
      follow(transition)
      if (ready && startsCall(transition, effect)) await run(transition.record, { ...ready, ...effect })
    } finally {
      beginning.delete(key)
    }
  }

  /** Gives the permit back unless the call it was taken for is now on record. */
  async function startOrLeave<T extends Transition>(
    ready: Prepared['call'],
    effect: Begin,
    transit: () => Promise<T>,
  ): Promise<T> {
    let started = false
    try {
      const transition = await transit()
      started = startsCall(transition, effect)
      return transition
    } finally {
      if (!started) ready?.permit.leave(undefined)
    }
  }

  async function run(record: NotificationRecord, { step: index, attempt, permit, request }: Call): Promise<void> {
    const { provider } = permit
    const place = { step: index, attempt }
    const conclude = async (called: Called) => {
      if ('failure' in called) {
        const { failure } = called
        if (failure.kind === 'content')
          events.operator('content.refused', { id: record.id, step: index, channel: request.channel, failure })
        await apply(record, { type: 'rejected', ...place, failure, random: random() })
        return
      }
      const { messageId, keys = [], status = 'accepted' } = called.result
      const all = messageId === undefined ? keys : [messageId, ...keys]
      const { after } = await apply(record, { type: 'accepted', ...place, messageId: messageId ?? null, keys: all, status })
      await receipts.applyParked(after, index, attempt)
    }
    // A call that was cut may still tell its message id, and thereby find its receipts.
    const late = (called: Called) => {
      if ('result' in called) void track(conclude(called), record.id)
    }
    const called = await call(provider, request, clock, late)
    permit.leave('failure' in called ? called.failure : null)
    await conclude(called)
  }

  async function cancelAtProvider(record: NotificationRecord, { step: index, attempt }: Cut): Promise<void> {
    const { provider: name, messageId, keys } = record.steps[index]!.attempts[attempt]!
    const provider = context.providers.find((candidate) => candidate.name === name)
    if (provider?.cancel === undefined) return
    const abort = new AbortController()
    const stopTimer = clock.setTimer(defaultTimeout, () => abort.abort())
    const request = { channel: record.steps[index]!.channel, messageId: messageId ?? undefined, keys }
    try {
      if (await provider.cancel(request, { signal: abort.signal }))
        await apply(record, { type: 'recalled', step: index, attempt })
    } finally {
      stopTimer()
    }
  }

  /** Prepares what can be prepared at once, so that it is written with the record itself: one write where two would be. */
  function prepareAtOnce(planned: NotificationRecord): { transition: Transition; calls: Call[] } {
    let { record, effects } = step(planned, { type: 'woke', at: clock.now() })
    const calls: Call[] = []
    for (const effect of effects) {
      if (effect.type !== 'begin') continue
      const ready = attemptPreparation(record, effect)
      if (ready === undefined || ready instanceof Promise) continue
      const next = step(record, { ...ready.input, at: clock.now() } as Input)
      if (startsCall(next, effect)) calls.push({ ...ready.call!, ...effect })
      else ready.call?.permit.leave(undefined)
      record = next.record
      effects = [...effects.filter((other) => other !== effect), ...next.effects]
    }
    return { transition: { record, effects }, calls }
  }

  function attemptPreparation(record: NotificationRecord, effect: Begin) {
    try {
      return prepare(record, effect, context)
    } catch {
      // An adapter's bug. It comes up again, and is reported, when the stored step is begun.
      return undefined
    }
  }

  async function enter(planned: NotificationRecord) {
    const { transition, calls } = prepareAtOnce(planned)
    let created = false
    try {
      const inserted = await store.insert(transition.record)
      created = inserted.created
      if (!created) return { record: inserted.record, created, work: Promise.resolve() }
    } finally {
      if (!created) for (const { permit } of calls) permit.leave(undefined)
    }
    const { record } = transition
    for (const entry of planned.timeline) tell(record, entry)
    const work = calls.map((own) => track(run(record, own), record.id))
    follow(transition, work)
    return { record, created, work: Promise.all(work) }
  }

  const engine: Engine = {
    enter,
    apply,
    async wake(id) {
      try {
        const record = await store.get(id)
        if (record !== undefined) await apply(record, { type: 'woke' })
      } catch (error) {
        events.error(error, id)
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    stop() {
      stopped = true
    },
  }
  const receipts = createReceipts(engine, context)
  return { ...engine, ingest: receipts.ingest }
}

function startsCall(transition: Transition, { step: index, attempt }: { step: number; attempt: number }): boolean {
  return transition.effects.some((effect) => effect.type === 'send' && effect.step === index && effect.attempt === attempt)
}
