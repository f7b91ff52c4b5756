import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { SendRequest } from '../contract/provider.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import type { Scheduler } from '../contract/store.ts'
import { type BeginContext, type Prepared, prepare } from './begin.ts'
import { type Called, type CallUnderWay, call, defaultTimeout } from './call.ts'
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
  /** Stops beginning anything new: what is due stays due, for the next process. */
  stop(): void
  /** Gives up what is under way: calls are cut, their results unknown and written down as such; what waits to be sent stays due. */
  cut(): void
}

/** Preparations that take their time, and began before their record was stored. */
type Begun = ReadonlyMap<Effect, Promise<Prepared>>

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
  const calls = new Set<CallUnderWay>()
  let stopped = false
  let wasCut = false

  /** Counts as under way until it ends. */
  function watch<T>(work: Promise<T>): Promise<T> {
    const ended = () => underWay.delete(work)
    underWay.add(work)
    work.then(ended, ended)
    return work
  }

  /** Work that nobody waits for: if it fails, the operator hears of it. */
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
  function follow({ record, effects }: Transition, work: Promise<void>[] = [], begun?: Begun): void {
    for (const effect of effects) {
      if (effect.type === 'emit') tell(record, effect.entry)
      else if (effect.type === 'begin') work.push(track(begin(record, effect, begun?.get(effect)), record.id))
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

  async function begin(record: NotificationRecord, effect: Begin, begun?: Promise<Prepared>): Promise<void> {
    const key = `${record.id}.${effect.step}.${effect.attempt}`
    // Woken while it waits for a permit or a hook: it is being seen to.
    if (beginning.has(key) || (stopped && begun === undefined)) return
    beginning.add(key)
    try {
      const { input, call: ready } = await (begun ?? prepare(record, effect, context))
      if (wasCut) return ready?.permit.leave(undefined)
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
        await apply(record, { type: 'rejected', ...place, failure: called.failure, random: random() })
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
    const own = call(provider, request, clock, late)
    calls.add(own)
    const called = await own.ended
    calls.delete(own)
    permit.leave('failure' in called ? called.failure : null)
    await conclude(called)
  }

  async function cancelAtProvider(record: NotificationRecord, { step: index, attempt }: Cut): Promise<void> {
    const { provider: name, messageId, keys } = record.steps[index]!.attempts[attempt]!
    const provider = context.providers.find((candidate) => candidate.name === name)
    if (provider?.cancel === undefined) return
    const abort = new AbortController()
    const request = { channel: record.steps[index]!.channel, messageId: messageId ?? undefined, keys }
    let stopTimer = () => {}
    const cut = new Promise<false>((resolve) => {
      stopTimer = clock.setTimer(defaultTimeout, () => {
        resolve(false)
        abort.abort()
      })
    })
    try {
      if (await Promise.race([provider.cancel(request, { signal: abort.signal }), cut]))
        await apply(record, { type: 'recalled', step: index, attempt })
    } finally {
      stopTimer()
    }
  }

  /** Prepares what can be prepared at once, so that it is written with the record itself: one write where two would be. */
  function prepareAtOnce(planned: NotificationRecord): { transition: Transition; starts: Call[]; begun: Begun } {
    let { record, effects } = step(planned, { type: 'woke', at: clock.now() })
    const starts: Call[] = []
    const begun = new Map<Begin, Promise<Prepared>>()
    for (const effect of effects) {
      if (effect.type !== 'begin') continue
      const ready = attemptPreparation(record, effect)
      if (ready === undefined) continue
      if (ready instanceof Promise) {
        begun.set(effect, ready)
        // It is waited for once the record is stored; until then nobody would see it fail.
        ready.catch(() => {})
        continue
      }
      const next = step(record, { ...ready.input, at: clock.now() } as Input)
      if (startsCall(next, effect)) starts.push({ ...ready.call!, ...effect })
      else ready.call?.permit.leave(undefined)
      record = next.record
      effects = [...effects.filter((other) => other !== effect), ...next.effects]
    }
    return { transition: { record, effects }, starts, begun }
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
    const { transition, starts, begun } = prepareAtOnce(planned)
    let created = false
    try {
      const inserted = await store.insert(transition.record)
      created = inserted.created
      if (!created) return { record: inserted.record, created, work: Promise.resolve() }
    } finally {
      if (!created) abandon(starts, begun)
    }
    const { record } = transition
    for (const entry of planned.timeline) tell(record, entry)
    const work = starts.map((start) => track(run(record, start), record.id))
    follow(transition, work, begun)
    return { record, created, work: Promise.all(work) }
  }

  const engine: Engine = {
    enter: (planned) => watch(enter(planned)),
    apply,
    async wake(id) {
      if (stopped) return
      try {
        const record = await store.get(id)
        if (record !== undefined) await apply(record, { type: 'woke' })
      } catch (error) {
        events.error(error, id)
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
    stop() {
      stopped = true
    },
    cut() {
      wasCut = true
      context.pool.close()
      const failure = { kind: 'unknown', message: 'the call was cut because the notifier was closed', code: 'CLOSED' } as const
      for (const own of calls) own.cut(failure)
    },
  }
  const receipts = createReceipts(engine, context)
  return { ...engine, ingest: receipts.ingest }
}

/** The record was not stored: what was prepared for it gives its permits back. */
function abandon(starts: readonly Call[], begun: Begun): void {
  for (const { permit } of starts) permit.leave(undefined)
  for (const ready of begun.values())
    void ready.then(
      ({ call: own }) => own?.permit.leave(undefined),
      () => {},
    )
}

function startsCall(transition: Transition, { step: index, attempt }: { step: number; attempt: number }): boolean {
  return transition.effects.some((effect) => effect.type === 'send' && effect.step === index && effect.attempt === attempt)
}
