import type { Channel, Recipient } from '../contract/channel.ts'
import type { CancelAnswer, NotifierEvent, NotifierEvents } from '../contract/events.ts'
import type { Awaitable } from '../contract/json.ts'
import type { LinkRewriter } from '../contract/links.ts'
import type { PriceOf } from '../contract/price.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { IngestReport, Receipt } from '../contract/receipt.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import type { CascadeOrder, ContentRequest, NotificationRequest, StepInput, TemplateRequest } from '../contract/request.ts'
import type { NotificationStore, Scheduler } from '../contract/store.ts'
import type { Suppression, SuppressionList } from '../contract/suppression.ts'
import type { Telemetry } from '../contract/telemetry.ts'
import type { SmsPolicy, Template } from '../contract/template.ts'
import type { Clock, Duration } from '../contract/time.ts'
import type { BeforeSend } from './begin.ts'
import type { DeliveryTimes } from './delivery-times.ts'
import type { Explanation } from './explain.ts'
import type { Reliability } from './ordering.ts'
import type { Routing } from './pool.ts'
import type { SendManyOptions, SendManyResult } from './send-many.ts'

/** Options of `createNotifier`. Only `providers` is needed. */
export interface NotifierOptions<P extends readonly ChannelProvider[], G extends string = string> {
  /** In order of preference for each channel. */
  readonly providers: P
  /** Where notifications live. Default: this process's memory. */
  readonly store?: NotificationStore
  /** Who wakes them. Default: one timer on the store's own index; `manual`: nobody but `tick()`. */
  readonly scheduler?: Scheduler | 'manual'
  /** Templates of notifications that another process, or an earlier run, may have sent. `send` registers its own. */
  readonly templates?: readonly Template<never>[]
  readonly defaults?: {
    /** How long to wait for a receipt, for all channels or by channel. Default 5 minutes. */
    readonly within?: Duration | Readonly<Partial<Record<Channel, Duration>>>
    /** Time zone of recipients that name none. */
    readonly timeZone?: string
    readonly locale?: string
    /** What to do with long and non-GSM SMS where a template says nothing. */
    readonly sms?: SmsPolicy
    /** In which order optional steps are tried where a request says nothing. Default `as-given`. */
    readonly order?: CascadeOrder
  }
  /** How failed sends are repeated. Default: 3 tries, delays of up to 1 s doubling to at most 30 s. */
  readonly retry?: { readonly attempts?: number; readonly baseDelay?: Duration; readonly maxDelay?: Duration }
  /** How a channel's providers are chosen among. Default `in-order`. */
  readonly routing?: Readonly<Partial<Record<Channel, Routing>>>
  /**
   * What messages cost, by the name of their provider: made by `priceList` of `omnicascade/cost`, or functions of the app's own. A record then says
   * what each accepted attempt costs, and `explain` what it would.
   */
  readonly prices?: Readonly<Record<string, PriceOf>>
  /**
   * How likely a step is to deliver, for those whose `order` is `most-reliable`. Default: how often its channel has delivered what this process has
   * stored since it was first asked for that order.
   */
  readonly reliability?: Reliability
  /** When a provider's circuit opens. Default: after 5 failures in a row, for 30 s. */
  readonly breaker?: { readonly threshold?: number; readonly coolDown?: Duration }
  /** The categories that requests may name; a misspelt one does not compile, and is refused. Default: any text. */
  readonly categories?: readonly G[]
  /** Made by `shortenLinks` of `omnicascade/links`. */
  readonly links?: LinkRewriter
  /**
   * Asked at the moment a step is about to start, and again after it has waited for a provider's limits: `false`, or a reason, skips it;
   * `{ until }` (Unix milliseconds) puts it off, and it is asked again then. If it throws, or has not answered after 30 s, the step waits a minute.
   */
  readonly beforeSend?: BeforeSend
  /**
   * The app's list of addresses that are not to be written to. Asked before each attempt; a step with no other address is skipped, with the reason
   * `vetoed: suppressed`. Kept up to date by webhooks (opt-outs, blocked bots, hard bounces, complaints) and by refused sends.
   */
  readonly suppression?: SuppressionList
  /**
   * Told of each notification that has settled, and again if a late receipt corrects its outcome: the place to export it. At least once, also
   * through crashes: one whose call throws, or was never made, is told again after a minute; one that is slow is not called twice at a time by its
   * process, unless it has not answered for 10 minutes. Needs a store that outlives the process for that.
   * Give it to every process that shares the store: each tells of what it settles.
   */
  readonly onSettled?: (record: NotificationRecord) => Awaitable<void>
  /**
   * `false`: this process takes requests and receipts and stores them, and leaves calling providers to other processes on the same store.
   * Give it the same scheduler, so that they are woken at once, and the same providers: requests are checked against them. Default true.
   */
  readonly callProviders?: boolean
  /** How many notifications that were woken may be in hand at a time; a backlog stays in the store. Default 1000. */
  readonly concurrency?: number
  /**
   * How long a receipt whose message is not known yet is kept; no shorter than a step may wait for it, or a crash may cost it. Default: the
   * longest of `defaults.within`, and at least 15 minutes.
   */
  readonly parkFor?: Duration
  /** How long settled notifications are kept, with their idempotency keys, by a store that outlives the process. Default 30 days. */
  readonly keepFor?: Duration
  /** Made by `openTelemetry` of `omnicascade/telemetry`: spans and metrics. One serves any number of notifiers. */
  readonly telemetry?: Telemetry
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** A new notification's id: unique, and free of dots. Default: 21 characters that rise with time, which spares the indexes of large stores. */
  readonly createId?: () => string
}

/** What `send` answers: the notification is stored and will be seen to. `created` is false if its idempotency key was known. */
export interface Accepted {
  readonly id: string
  readonly created: boolean
}

/** A request of a notifier that has declared its categories names one of them, or none. */
export interface Categorised<G extends string> {
  readonly category?: G | undefined
}

/** Sends notifications along cascades, and keeps them until they settle. */
export interface Notifier<C extends Channel = Channel, G extends string = string> {
  /**
   * Stores a notification and starts it. Resolves once it is stored: providers are called in the background.
   * Rejects with `RequestError` (everything wrong with the request), `IdempotencyConflictError`, or the store's own error; then nothing was sent.
   * A store that was lost over it may have it all the same: with an idempotency key it is sent (repeat the request under it), without one cancelled.
   */
  send<V, K extends Channel, const A extends readonly StepInput<C & K>[], const To extends Recipient>(
    request: TemplateRequest<V, K, A, To> & Categorised<G>,
  ): Promise<Accepted>
  send<K extends Channel, const A extends readonly StepInput<C & K>[], const To extends Recipient>(
    request: ContentRequest<K, A, To> & Categorised<G>,
  ): Promise<Accepted>
  /** Sends each request as it is iterated over, with bounded concurrency and back-pressure. One bad request does not stop the others. */
  sendMany<R extends NotificationRequest>(
    requests: Iterable<R> | AsyncIterable<R>,
    options?: SendManyOptions,
  ): AsyncGenerator<SendManyResult<R>, void, undefined>
  /** What `send` would do with the request now: each step's start, content, segments and links. Sends and stores nothing; `beforeSend` is not asked. */
  explain(request: NotificationRequest): Promise<Explanation>
  /** A copy of the notification's record, or undefined. */
  get(id: string): Promise<NotificationRecord | undefined>
  /** Stops a notification as far as it can be stopped, and says how far that was. Rejects if there is no such notification. */
  cancel(id: string): Promise<CancelAnswer>
  /**
   * A copy of the notification's record now and after each change, wherever that was made, until it has settled. Who is slow misses what is in
   * between: the timeline has it all. Throws if there is none such, when `signal` aborts, or (code `closed`) when the notifier is closed first.
   */
  watch(id: string, options?: { readonly signal?: AbortSignal }): AsyncGenerator<NotificationRecord, void, undefined>
  /** Resolves with the outcome once the notification has settled, wherever that was. Rejects as `watch` throws. */
  settled(id: string, options?: { readonly signal?: AbortSignal }): Promise<Outcome>
  /** Brings receipts to their notifications. Resolves once they are stored. */
  ingest(receipts: Iterable<Receipt> | AsyncIterable<Receipt>): Promise<IngestReport>
  /** Brings to the app's list, and to those who listen, what vendors say of addresses. Webhook handlers call it. Resolves once it is kept. */
  suppress(suppressions: Iterable<Suppression>): Promise<void>
  /** Does whatever is due and resolves when it is done, upkeep included: the engine under cron, Lambda or an edge worker. */
  tick(): Promise<void>
  /** Resolves once nothing is under way in this process. */
  idle(): Promise<void>
  /** How long a provider has lately taken to deliver; null while unknown. Choose `within` somewhat above `p95`. */
  deliveryTimes(provider: string): DeliveryTimes | null
  /** Subscribes to one kind of event, or to `*`; gives a function that unsubscribes. */
  on<K extends keyof NotifierEvents>(type: K, listener: (event: NotifierEvents[K]) => void): () => void
  on(type: '*', listener: (event: NotifierEvent) => void): () => void
  /**
   * Takes no more, waits for calls under way (at most `timeout`, default 30 s; then they are cut, their results unknown),
   * and lets go of providers and store.
   */
  close(options?: { readonly timeout?: Duration }): Promise<void>
}
