import type { NotifierEvent } from './events.ts'
import type { Failure } from './failure.ts'
import type { SendResult } from './provider.ts'
import type { NotificationRecord } from './record.ts'

/** Where in a trace a notification was sent, as W3C Trace Context writes it: for whichever process goes on with it. */
export interface TraceContext {
  readonly traceparent: string
  readonly tracestate?: string
}

/** What `send` came to: the record that is stored, which is another request's if its idempotency key was known. */
export interface Taken {
  readonly record: NotificationRecord
  readonly created: boolean
}

/** A call of a provider that is about to be made. */
export interface TelemetryCall {
  readonly record: NotificationRecord
  readonly step: number
  readonly attempt: number
}

/** What became of a call of a provider. Never rejects. */
export interface TelemetryCallEnd {
  readonly ended: Promise<{ readonly result: SendResult } | { readonly failure: Failure }>
}

/** What observes a notifier from within: made by `openTelemetry()`. None of it may throw. */
export interface Telemetry {
  /** Around each `send`. Calls `take` once, with what the record is to keep as its `trace`, and gives what it gives. */
  send<T extends Taken>(take: (trace: TraceContext | undefined) => Promise<T>): Promise<T>
  /** Around each call of a provider. Calls `make` once, at once, and gives what it gives. */
  call<T extends TelemetryCallEnd>(call: TelemetryCall, make: () => T): T
  /** Hears each event once its record is stored; those of a timeline come with that record. */
  hear(event: NotifierEvent, record: NotificationRecord | undefined): void
}
