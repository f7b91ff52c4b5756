import { context, type Span, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import type { NotifierEvents } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Telemetry } from '../contract/telemetry.ts'
import { attemptOf, endOf, errorTypeOf, messaging, own } from './attributes.ts'
import { fieldsOf } from './fields.ts'
import { contextOf, spanContextOf, traceContextOf } from './trace-context.ts'
import { failed, tellWhole } from './whole.ts'

/**
 * A notifier's spans. That of `send` ends when `send` resolves, and its place is kept in the record: it alone is certain to exist, whichever process
 * dies, so whatever comes later hangs on it.
 */
export function createSpans(tracer: Tracer): Telemetry {
  return {
    async send(take) {
      const span = tracer.startSpan('create notification', { kind: SpanKind.PRODUCER, attributes: messaging('create', 'create') })
      try {
        const inside = trace.setSpan(context.active(), span)
        const taken = await context.with(inside, take, undefined, traceContextOf(span.spanContext()))
        const { record, created } = taken
        span.setAttributes(own({ notification: record.id, repeated: created ? null : true }))
        const first = created ? undefined : spanContextOf(record.trace)
        if (first) span.addLink({ context: first })
        return taken
      } catch (error) {
        failed(span, errorTypeOf(error))
        throw error
      } finally {
        span.end()
      }
    },
    call(call, make) {
      const { record, step, attempt } = call
      const { channel } = record.steps[step]!
      const { provider } = attemptOf(call)
      const place = own({ notification: record.id, step, channel, attempt, provider })
      const attributes = { ...messaging('send', 'send', channel), ...place }
      const sent = contextOf(record.trace)
      const span = tracer.startSpan(`send ${channel}`, { kind: SpanKind.CLIENT, attributes }, sent)
      const made = context.with(trace.setSpan(sent, span), make)
      void made.ended.then((called) => {
        span.setAttributes(endOf(called))
        if ('failure' in called) failed(span, called.failure.kind)
        span.end()
      })
      return made
    },
    hear(event, record) {
      if (record === undefined) return
      if (event.type === 'attempt.receipt') tellReceipt(tracer, event, record)
      if (event.type === 'notification.settled') tellWhole(tracer, record)
    },
  }
}

/** A span for a receipt in the trace of its notification; it and the span of whoever brought it, a webhook's handler say, are linked both ways. */
function tellReceipt(tracer: Tracer, event: NotifierEvents['attempt.receipt'], record: NotificationRecord): void {
  const sent = spanContextOf(record.trace)
  const bringer = bringerOf(sent)
  const facts = own(fieldsOf(event))
  const attributes = { ...messaging('receipt', 'process', event.channel), ...facts }
  const links = bringer ? [{ context: bringer.spanContext() }] : []
  const span = tracer.startSpan(
    `receipt ${event.channel}`,
    { kind: SpanKind.CONSUMER, attributes, links },
    contextOf(record.trace),
  )
  bringer?.addLink({ context: span.spanContext(), attributes: facts })
  span.end()
}

/** The span that is active, unless it has ended (a timer of ours was armed in it) or is of the same trace (no link is needed). */
function bringerOf(sent: SpanContext | undefined): Span | undefined {
  const active = trace.getActiveSpan()
  return active?.isRecording() && active.spanContext().traceId !== sent?.traceId ? active : undefined
}
