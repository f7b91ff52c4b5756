import { type Channel, channels } from '../contract/channel.ts'
import { millisecondsOf, toMilliseconds } from '../contract/duration.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import type { CancelAnswer } from '../contract/events.ts'
import type { Awaitable } from '../contract/json.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationRequest } from '../contract/request.ts'
import type { TraceContext } from '../contract/telemetry.ts'
import type { Template } from '../contract/template.ts'
import type { Duration } from '../contract/time.ts'
import { chain } from './awaitable.ts'
import { systemClock } from './clock.ts'
import { createEngine, type Entered } from './engine.ts'
import { createEvents } from './events.ts'
import { lazy } from './lazy.ts'
import { memoryStore } from './memory-store.ts'
import type { Accepted, Notifier, NotifierOptions } from './notifier.ts'
import { checkOptions } from './options.ts'
import type { Ordering } from './ordering.ts'
import type { RenderContext } from './render.ts'
import { eachDue, manualScheduler, timerScheduler } from './timer-scheduler.ts'
import type { Upkeep } from './upkeep.ts'
import type { Watching } from './watching.ts'

const loadIntake = lazy(() => import('./intake.ts'))

// A receipt is kept at least for as long as it may be waited for.
const leastParked = 15 * 60_000

/** The channels of a list of providers. */
export type ChannelOf<P extends readonly ChannelProvider[]> = P[number] extends ChannelProvider<infer C> ? C : never

const acceptedOf = ({ record, created }: Entered): Accepted => ({ id: record.id, created })

const closed = () =>
  new OmnicascadeError('closed', 'the notifier is closed: create one for as long as the process runs, and close it last')

/** Connects providers, store and scheduler. Starts waking what is due at once, unless the scheduler is `manual`. Throws `RequestError` on options that cannot work. */
export function createNotifier<const P extends readonly ChannelProvider[], const G extends string = string>(
  options: NotifierOptions<P, G>,
): Notifier<ChannelOf<P>, G> {
  checkOptions(options)
  const { providers, defaults = {}, clock = systemClock, random = Math.random } = options
  const retry = {
    attempts: options.retry?.attempts ?? 3,
    baseDelay: millisecondsOf(options.retry?.baseDelay ?? '1s')!,
    maxDelay: millisecondsOf(options.retry?.maxDelay ?? '30s')!,
  }
  const { telemetry } = options
  const events = createEvents(clock, telemetry)
  const store = options.store ?? memoryStore()
  const scheduler = options.scheduler === 'manual' ? manualScheduler : (options.scheduler ?? timerScheduler(store, clock))
  const defers = options.callProviders === false
  const breaker = { threshold: options.breaker?.threshold ?? 5, coolDown: options.breaker?.coolDown ?? ('30s' as Duration) }
  const templates = new Map<string, Template<never>>()
  for (const template of options.templates ?? []) register(template)
  const rendering: RenderContext = {
    template: (name, version) => templates.get(`${name}@${version}`),
    links: options.links,
    sms: defaults.sms,
    locale: defaults.locale,
    dryRun: false,
    onShortened(id, channel, { failures }) {
      // A long link may hold a token or a name: its host alone is told.
      for (const { long, message } of failures)
        events.operator('link.failed', { id, channel, host: URL.parse(long)?.host ?? '', message })
    },
  }
  const routing = options.routing ?? {}
  const onFault = (id: string, error: unknown) => events.error(error, id)
  const pricing = { prices: options.prices, routing, onFault }
  let watching: Watching | undefined
  let ordering: Ordering | undefined
  let upkeep: Upkeep | undefined
  let closing: Promise<void> | undefined

  const engine = createEngine({
    store,
    scheduler,
    events,
    clock,
    random,
    providers,
    ...pricing,
    breaker,
    emit: events.operator,
    parkFor: options.parkFor === undefined ? Math.max(leastParked, ...channels.map(waitFor)) : millisecondsOf(options.parkFor)!,
    beforeSend: options.beforeSend,
    suppression: options.suppression,
    rendering,
    onMissing: (id, missing) => events.operator('template.missing', { id, ...missing }),
    defers,
    telemetry,
    concurrency: options.concurrency ?? 1000,
    onStored(record, effects) {
      watching?.changed(record)
      ordering?.note(record, effects)
    },
    onSettled: options.onSettled,
  })

  const loadWatching = lazy(async () => {
    const { createWatching } = await import('./watching.ts')
    watching = createWatching({ store, clock, get: stored, onError: events.error })
    return watching
  })

  const loadOrdering = lazy(async () => {
    const { createOrdering } = await import('./ordering.ts')
    ordering = createOrdering({ ...pricing, providers, rendering, reliability: options.reliability })
    return ordering
  })

  const loadUpkeep = lazy(async () => {
    const { createUpkeep } = await import('./upkeep.ts')
    const keepFor = millisecondsOf(options.keepFor ?? '30d')!
    upkeep = createUpkeep({ store, clock, random, keepFor, wake: engine.wake, onError: events.error })
    return upkeep
  })

  async function stored(id: string): Promise<NotificationRecord | undefined> {
    try {
      return await engine.watch((async () => store.get(id))())
    } catch (error) {
      // What a store says that was closed with the notifier is not what went wrong.
      throw closing === undefined ? error : closed()
    }
  }

  /** Whoever calls providers wakes what is due; whoever shares its store also sees to what others have left behind. */
  async function startWaking(): Promise<void> {
    if (defers) return
    if (store.shared && options.scheduler !== 'manual') (await loadUpkeep()).start()
    if (closing !== undefined) return
    const start = async () => scheduler.start(engine.wake, events.error)
    try {
      await start()
    } catch (error) {
      events.error(error)
      const { retry } = await loadUpkeep()
      if (closing === undefined) retry(start)
    }
  }

  function register(template: Template<never>): void {
    templates.set(`${template.id}@${template.version}`, template)
  }

  function planned(request: NotificationRequest): Awaitable<NotificationRecord> {
    return chain(loadIntake(), ({ planRequest }) => {
      const timeZone = defaults.timeZone ?? null
      const { createId, categories } = options
      const isPriced = options.prices !== undefined
      const context = { createId, now: clock.now(), providers, retry, within: waitFor, timeZone, categories, isPriced }
      return chain(planRequest(request, context), ({ record, template }) => {
        if (template !== undefined) register(template)
        const order = request.order ?? defaults.order ?? 'as-given'
        return order === 'as-given' ? record : chain(loadOrdering(), ({ apply }) => apply(record, order))
      })
    })
  }

  function waitFor(channel: Channel): number {
    const within = typeof defaults.within === 'object' ? defaults.within[channel] : defaults.within
    return millisecondsOf(within ?? '5m')!
  }

  async function take(request: NotificationRequest, trace?: TraceContext): Promise<Entered> {
    const ready = await planned(request)
    if (closing !== undefined) throw closed()
    const entered = await engine.enter(trace === undefined ? ready : { ...ready, trace })
    if (!entered.created) (await loadIntake()).checkSame(ready, entered.record)
    return entered
  }

  const taken = telemetry ? (request: NotificationRequest) => telemetry.send((trace) => take(request, trace)) : take

  async function cancel(id: string): Promise<CancelAnswer> {
    const record = await stored(id)
    if (record === undefined)
      throw new OmnicascadeError('not-found', `there is no notification ${id} in the store, or no longer (see keepFor)`)
    const { before } = await engine.apply(record, { type: 'cancelRequested' })
    const { cancelAnswer } = await import('../cascade/machine.ts')
    return cancelAnswer(before)
  }

  async function* watch(id: string, { signal }: { readonly signal?: AbortSignal } = {}) {
    for await (const record of (await loadWatching()).watch(id, signal)) yield structuredClone(record)
  }

  async function tick(): Promise<void> {
    await eachDue(store, clock.now, async (ids) => {
      await Promise.all(ids.map(engine.wake))
      await engine.idle()
    })
    if (store.shared) await (await loadUpkeep()).prune()
  }

  async function close(timeout: number): Promise<void> {
    engine.stop()
    const { windDown } = await import('./closing.ts')
    await windDown({ engine, scheduler, starting, upkeep: () => upkeep, providers, clock, events }, timeout)
    await (await loadWatching()).close(closed())
    await store.close?.()
  }

  const starting = startWaking()
  return {
    send: async (request: NotificationRequest) => acceptedOf(await taken(request)),
    async *sendMany(requests, sendOptions = {}) {
      const { sendEach } = await import('./send-many.ts')
      const takeOne = async (request: NotificationRequest) => {
        const entered = await taken(request)
        return { accepted: acceptedOf(entered), work: Promise.all(entered.work) }
      }
      yield* sendEach(requests, takeOne, sendOptions)
    },
    async explain(request: NotificationRequest) {
      const record = await planned(request)
      const { explainRecord } = await import('./explain.ts')
      return explainRecord(
        record,
        providers,
        { ...rendering, dryRun: true },
        { ...pricing, onFault: (_, error) => events.error(error) },
      )
    },
    async get(id) {
      const record = await stored(id)
      return record && structuredClone(record)
    },
    cancel: (id) => engine.watch(cancel(id)),
    watch,
    async settled(id, { signal } = {}) {
      const { outcomeOf } = await loadWatching()
      return outcomeOf(id, signal)
    },
    ingest: engine.ingest,
    suppress: (suppressions) => engine.watch(engine.suppress(suppressions)),
    tick,
    idle: engine.idle,
    deliveryTimes: engine.deliveryTimes,
    on: events.on,
    async close({ timeout = '30s' } = {}) {
      closing ??= close(toMilliseconds(timeout))
      await closing
    },
  }
}
