import { cancelAnswer } from '../cascade/machine.ts'
import type { Channel } from '../contract/channel.ts'
import { millisecondsOf, toMilliseconds } from '../contract/duration.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import type { CancelAnswer } from '../contract/events.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationRequest } from '../contract/request.ts'
import type { Template } from '../contract/template.ts'
import type { Duration } from '../contract/time.ts'
import { systemClock } from './clock.ts'
import { createEngine } from './engine.ts'
import { createEvents } from './events.ts'
import { lazy } from './lazy.ts'
import { memoryStore } from './memory-store.ts'
import type { Accepted, Notifier, NotifierOptions } from './notifier.ts'
import { checkOptions } from './options.ts'
import type { RenderContext } from './render.ts'
import { eachDue, manualScheduler, timerScheduler } from './timer-scheduler.ts'
import { createWaiters } from './waiters.ts'
import { within } from './within.ts'

// Time for the results of calls that were cut to be stored.
const cutGrace = 1000

const loadIntake = lazy(() => import('./intake.ts'))

type ChannelOf<P extends readonly ChannelProvider[]> = P[number] extends ChannelProvider<infer C> ? C : never

const closed = () => new OmnicascadeError('closed', 'the notifier is closed')

/** Connects providers, store and scheduler. Starts waking what is due at once, unless the scheduler is `manual`. Throws `RequestError` on options that cannot work. */
export function createNotifier<const P extends readonly ChannelProvider[]>(options: NotifierOptions<P>): Notifier<ChannelOf<P>> {
  checkOptions(options)
  const { providers, defaults = {}, clock = systemClock, random = Math.random } = options
  const retry = {
    attempts: options.retry?.attempts ?? 3,
    baseDelay: millisecondsOf(options.retry?.baseDelay ?? '1s')!,
    maxDelay: millisecondsOf(options.retry?.maxDelay ?? '30s')!,
  }
  const events = createEvents(clock)
  const store = options.store ?? memoryStore()
  const scheduler =
    options.scheduler === 'manual' ? manualScheduler : (options.scheduler ?? timerScheduler(store, clock, events.error))
  const breaker = { threshold: options.breaker?.threshold ?? 5, coolDown: options.breaker?.coolDown ?? ('30s' as Duration) }
  const templates = new Map<string, Template<never>>()
  for (const template of options.templates ?? []) register(template)
  const waiters = createWaiters()
  let closing: Promise<void> | undefined

  const engine = createEngine({
    store,
    scheduler,
    events,
    clock,
    random,
    providers,
    routing: options.routing ?? {},
    breaker,
    emit: events.operator,
    parkFor: millisecondsOf(options.parkFor ?? '15m')!,
    beforeSend: options.beforeSend,
    rendering: (record) => rendering(record),
    onMissing: (id, missing) => events.operator('template.missing', { id, ...missing }),
    onFault: (id, error) => events.error(error, id),
    onSettled: waiters.settle,
  })

  function rendering({ id }: Pick<NotificationRecord, 'id'>, dryRun = false): RenderContext {
    return {
      template: (name, version) => templates.get(`${name}@${version}`),
      links: options.links,
      sms: defaults.sms,
      locale: defaults.locale,
      dryRun,
      onShortened(channel, { failures }) {
        // A long link may hold a token or a name: its host alone is told.
        for (const { long, message } of failures)
          events.operator('link.failed', { id, channel, host: URL.parse(long)?.host ?? '', message })
      },
    }
  }

  function register(template: Template<never>): void {
    templates.set(`${template.id}@${template.version}`, template)
  }

  async function planned(request: NotificationRequest): Promise<NotificationRecord> {
    const { planRequest } = await loadIntake()
    const timeZone = defaults.timeZone ?? null
    const context = { createId: options.createId, now: clock.now(), providers, retry, within: waitFor, timeZone }
    const { record, template } = await planRequest(request, context)
    if (template !== undefined) register(template)
    return record
  }

  function waitFor(channel: Channel): number {
    const within = typeof defaults.within === 'object' ? defaults.within[channel] : defaults.within
    return millisecondsOf(within ?? '5m')!
  }

  async function take(request: NotificationRequest): Promise<{ accepted: Accepted; work: Promise<unknown> }> {
    const ready = await planned(request)
    if (closing !== undefined) throw closed()
    const { record, created, work } = await engine.enter(ready)
    if (!created) (await loadIntake()).checkSame(ready, record)
    return { accepted: { id: record.id, created }, work }
  }

  async function existing(id: string): Promise<NotificationRecord> {
    const record = await store.get(id)
    if (record === undefined) throw new OmnicascadeError('not-found', `there is no notification ${id}, or no longer`)
    return record
  }

  async function cancel(id: string): Promise<CancelAnswer> {
    const { before } = await engine.apply(await existing(id), { type: 'cancelRequested' })
    return cancelAnswer(before)
  }

  const tick = () =>
    eachDue(store, clock, async (ids) => {
      await Promise.all(ids.map(engine.wake))
      await engine.idle()
    })

  async function close(timeout: number): Promise<void> {
    engine.stop()
    await scheduler.stop()
    await atMost(timeout)
    engine.cut()
    await atMost(cutGrace)
    const { thrownIn } = await import('./classify.ts')
    await Promise.all(
      providers.map(async (provider) => {
        try {
          await provider.close?.()
        } catch (error) {
          events.error(thrownIn('close', provider.name, error))
        }
      }),
    )
    waiters.close(closed())
    await store.close?.()
  }

  /** Until nothing is under way, but no longer than that. */
  const atMost = (timeout: number) => within(engine.idle(), timeout, clock, () => {})

  scheduler.start(engine.wake)
  return {
    send: async (request: NotificationRequest) => (await take(request)).accepted,
    async *sendMany(requests, sendOptions = {}) {
      const { sendEach } = await import('./send-many.ts')
      yield* sendEach(requests, take, sendOptions)
    },
    async explain(request: NotificationRequest) {
      const record = await planned(request)
      const { explainRecord } = await import('./explain.ts')
      return explainRecord(record, providers, rendering(record, true))
    },
    async get(id) {
      const record = await engine.watch((async () => store.get(id))())
      return record && structuredClone(record)
    },
    cancel: (id) => engine.watch(cancel(id)),
    settled: (id, { signal } = {}) => waiters.wait(id, async () => (await engine.watch(existing(id))).outcome, signal),
    ingest: engine.ingest,
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
