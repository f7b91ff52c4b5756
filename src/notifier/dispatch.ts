import type { Effect, Input, Transition } from '../cascade/input.ts'
import { step } from '../cascade/machine.ts'
import { rankOf } from '../cascade/status.ts'
import type { Awaitable } from '../contract/json.ts'
import type { SendRequest, SendResult } from '../contract/provider.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Telemetry } from '../contract/telemetry.ts'
import { guarded } from './awaitable.ts'
import { type Begin, type BeginContext, type Prepared, prepare, type WithoutAt } from './begin.ts'
import { type Called, type CallUnderWay, call, defaultTimeout, keysFrom, timeoutOf } from './call.ts'
import { thrownIn } from './classify.ts'
import { commit } from './commit.ts'
import type { EndableClock } from './endable-clock.ts'
import type { Applied, EngineContext, EngineCore } from './engine.ts'
import { keepLease, mayBeLost, notMade } from './lease.ts'
import { createPool, type Permit, type PoolOptions } from './pool.ts'
import { costOfCall } from './pricing.ts'
import { within } from './within.ts'

type Cut = Extract<Effect, { type: 'cancelAtProvider' }>

// Between two tries to write down what a call came to, in milliseconds.
const firstRewrite = 100
const slowestRewrite = 5000
// As long as an attempt's lease: then it counts as lost.
const disownFor = 60_000

/** What calling providers needs. */
export interface DispatchContext extends Omit<BeginContext, 'pool'>, PoolOptions {
  /** This process calls no providers: a step that could begin is left due at once, for another. */
  readonly defers: boolean
  readonly telemetry: Telemetry | undefined
}

/** A call whose attempt is on record, or is about to be. */
interface Start {
  readonly step: number
  readonly attempt: number
  readonly permit: Permit
  readonly request: SendRequest
}

/** Preparations that take their time, and began before their record was stored. */
type Begun = ReadonlyMap<Effect, Promise<Prepared>>

/** A record's next steps, prepared as far as they can be at once. */
export interface FirstSteps {
  readonly transition: Transition
  readonly starts: readonly Start[]
  readonly begun: Begun | undefined
}

/** Begins steps, calls providers and writes down what came of it. */
export interface Dispatch {
  /** Moves a record on, as woken, and prepares what can be prepared at once: one write where two would be. */
  prepareFirst(record: NotificationRecord, isNew: boolean): FirstSteps
  /** Makes the calls that were written down with the record's change. */
  start(record: NotificationRecord, first: FirstSteps): Promise<void>[]
  /** The change was not stored: what was prepared for it gives its permits back. */
  abandon(first: FirstSteps): void
  /** The store failed over this new record, and may have it all the same: its calls were not made, and that is written down. */
  disown(record: NotificationRecord, first: FirstSteps): Promise<void>
  begin(record: NotificationRecord, effect: Begin, begun?: Promise<Prepared>): Promise<void>
  cancelAtProvider(record: NotificationRecord, effect: Cut): Promise<void>
  /** Gives up what is under way: calls are cut, their results unknown; what waits to be sent stays due. */
  cut(): void
}

/** What dispatch leaves to others. */
export interface DispatchHelp {
  readonly patience: EndableClock
  /** A provider that is polled has accepted. */
  readonly expectReceipt: (record: NotificationRecord, step: number) => Promise<void>
}

/** The side of the engine that faces the providers. Waiting for anything but them ends with `patience`. */
export function createDispatch(options: EngineContext, engine: EngineCore, { patience, expectReceipt }: DispatchHelp): Dispatch {
  const { clock, random } = options
  const pool = createPool(options)
  const context: BeginContext = { ...options, pool, clock: patience }
  const beginning = new Set<string>()
  const calls = new Set<CallUnderWay>()
  let wasCut = false

  async function begin(record: NotificationRecord, effect: Begin, begun?: Promise<Prepared>): Promise<void> {
    const key = keyOf(record, effect)
    // Woken while it waits for a permit or a hook: it is being seen to.
    if (beginning.has(key)) return
    beginning.add(key)
    try {
      const { input, call: ready } = await (begun ?? prepare(record, effect, context))
      if (wasCut) return ready?.permit.leave(undefined)
      const transition = await startOrLeave(ready, effect, () => commit(record, input, options))
      engine.follow(transition)
      if (ready && startsCall(transition, effect)) await run(transition.record, { ...ready, ...effect })
    } finally {
      beginning.delete(key)
    }
  }

  /** Gives the permit back unless the call it was taken for is now on record. */
  async function startOrLeave<T extends Transition>(
    ready: Prepared['call'],
    effect: Begin,
    transit: () => Awaitable<T>,
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

  async function run(record: NotificationRecord, { step: index, attempt, permit, request }: Start): Promise<void> {
    const { provider } = permit
    const place = { step: index, attempt }
    let lease = record.steps[index]!.dueAt ?? 0
    const conclude = async (called: Called) => {
      if ('failure' in called) {
        await write(record, { type: 'rejected', ...place, failure: called.failure, random: random() }, () => lease)
        return
      }
      const cost = costOfCall(context, record.id, provider.name, request, called.result)
      const accepted = { type: 'accepted', ...place, ...asTold(called.result), ...(cost && { cost }) } as const
      const { after } = await write(record, accepted, () => lease)
      await engine.hearParked(after, index)
      if (provider.poll !== undefined) await expectReceipt(after, index)
    }
    // A call that was cut may still tell its message id, and thereby find its receipts.
    const late = (called: Called) => {
      if ('result' in called) void engine.track(conclude(called), record.id)
    }
    if (wasCut || mayBeLost(lease, clock.now())) {
      permit.leave(undefined)
      return conclude({ failure: wasCut ? notMade.closed : notMade.late })
    }
    permit.go()
    const own = callOnce(record, place, () => call(provider, request, clock, late))
    const stopRenewing = keepLease(clock, lease, timeoutOf(provider), async (until) => {
      try {
        const { before, after } = await engine.apply(record, { type: 'renewed', ...place, leaseUntil: until })
        if (after === before) return 'lost'
        lease = until
        return 'renewed'
      } catch (error) {
        context.onFault(record.id, error)
        return 'failed'
      }
    })
    calls.add(own)
    const called = await own.ended
    calls.delete(own)
    stopRenewing()
    permit.leave('failure' in called ? called.failure : null)
    await conclude(called)
  }

  /** Whatever telemetry does, the call is made, and made once. */
  function callOnce(
    record: NotificationRecord,
    place: { readonly step: number; readonly attempt: number },
    make: () => CallUnderWay,
  ) {
    let made: CallUnderWay | undefined
    const once = () => {
      made ??= make()
      return made
    }
    try {
      options.telemetry?.call({ record, ...place }, once)
    } catch (error) {
      context.onFault(record.id, error)
    }
    return once()
  }

  /** What a call came to must outlive a store that is down for a moment: it is written again, ever more rarely, until the lease ends. */
  function write(
    record: NotificationRecord,
    input: WithoutAt<Input>,
    lease: () => number,
    delay = firstRewrite,
  ): Awaitable<Applied> {
    return guarded<Applied>(
      () => engine.apply(record, input),
      async (error) => {
        if (wasCut || clock.now() + delay >= lease()) throw error
        await new Promise<void>((resolve) => patience.setTimer(delay, resolve))
        return write(record, input, lease, Math.min(2 * delay, slowestRewrite))
      },
    )
  }

  async function disown(record: NotificationRecord, { starts }: FirstSteps): Promise<void> {
    const until = clock.now() + disownFor
    // Whoever was told that it failed may repeat it: under its key that finds this record, without one it would be a second.
    if (record.idempotencyKey === null) await write(record, { type: 'cancelRequested' }, () => until)
    for (const { step: index, attempt } of starts)
      await write(record, { type: 'rejected', step: index, attempt, failure: notMade.unsure, random: random() }, () => until)
  }

  async function cancelAtProvider(record: NotificationRecord, { step: index, attempt }: Cut): Promise<void> {
    const { provider: name, messageId, keys } = record.steps[index]!.attempts[attempt]!
    const provider = context.providers.find((candidate) => candidate.name === name)
    if (provider?.cancel === undefined) return
    const abort = new AbortController()
    const request = { channel: record.steps[index]!.channel, messageId: messageId ?? undefined, keys }
    const asked = (async () => provider.cancel!(request, { signal: abort.signal }))().catch((error) => {
      throw thrownIn('cancel', name, error)
    })
    const cut = () => {
      abort.abort()
      return false
    }
    if (await within(asked, defaultTimeout, patience, cut)) await engine.apply(record, { type: 'recalled', step: index, attempt })
  }

  function prepareFirst(given: NotificationRecord, isNew: boolean): FirstSteps {
    let { record, effects } = step(given, { type: 'woke', at: clock.now(), defers: options.defers })
    const starts: Start[] = []
    let begun: Map<Effect, Promise<Prepared>> | undefined
    // What another process may have done already, or a request that is repeated under its key, must not ask the host's hooks: the store is asked first.
    const isOurs =
      (isNew && given.idempotencyKey === null) || (!context.beforeSend && !context.suppression && !context.rendering.links)
    for (const effect of effects) {
      if (effect.type !== 'begin' || !isOurs || (beginning.size > 0 && beginning.has(keyOf(given, effect)))) continue
      const ready = prepare(record, effect, context)
      if (ready instanceof Promise) {
        begun = (begun ?? new Map()).set(effect, ready)
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

  return {
    prepareFirst,
    start: (record, { starts }) => starts.map((own) => engine.track(run(record, own), record.id)),
    abandon({ starts, begun }) {
      for (const { permit } of starts) permit.leave(undefined)
      for (const ready of begun?.values() ?? [])
        void ready.then(
          ({ call: own }) => own?.permit.leave(undefined),
          () => {},
        )
    },
    disown,
    begin,
    cancelAtProvider,
    cut() {
      wasCut = true
      pool.close()
      const failure = { kind: 'unknown', message: 'the call was cut because the notifier was closed', code: 'CLOSED' } as const
      for (const own of calls) own.cut(failure)
      patience.end()
    },
  }
}

/** A result as records keep it. Its types promise no less, but an adapter may be plain JavaScript. */
function asTold({
  messageId,
  keys,
  status,
}: SendResult): Pick<Extract<Input, { type: 'accepted' }>, 'messageId' | 'keys' | 'status'> {
  const ids = keysFrom([messageId])
  return {
    messageId: ids[0] ?? null,
    keys: [...ids, ...keysFrom(keys)],
    status: status !== undefined && rankOf(status) > 0 ? status : 'accepted',
  }
}

function keyOf({ id }: NotificationRecord, { step: index, attempt }: Begin): string {
  return `${id}.${index}.${attempt}`
}

function startsCall(transition: Transition, { step: index, attempt }: { step: number; attempt: number }): boolean {
  return transition.effects.some((effect) => effect.type === 'send' && effect.step === index && effect.attempt === attempt)
}
