import { type Context, createTraceState, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import type { TraceContext } from '../contract/telemetry.ts'

// Not the app's propagator: what it writes besides, baggage say, may be personal, and the record outlives the request.

/** A span's place in its trace as a record keeps it; undefined for a span that is none, since no SDK is set up. */
export function traceContextOf(span: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(span)) return undefined
  const flags = span.traceFlags.toString(16).padStart(2, '0')
  const tracestate = span.traceState?.serialize()
  return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}`, ...(tracestate && { tracestate }) }
}

/** The span that a record was sent in; undefined if it keeps none, or none that can be read. */
export function spanContextOf(kept: TraceContext | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(kept?.traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  const span = { traceId, spanId, traceFlags: Number(`0x${flags}`), isRemote: true }
  const { tracestate } = kept!
  return tracestate === undefined ? span : { ...span, traceState: createTraceState(tracestate) }
}

/** The context to go on in. Nothing of the active one is taken over: it belongs to whoever armed the timer that woke us. */
export function contextOf(kept: TraceContext | undefined): Context {
  const span = spanContextOf(kept)
  return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)
}
