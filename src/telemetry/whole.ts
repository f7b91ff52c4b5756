import { type Context, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { TimelineEntry } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { own } from './attributes.ts'
import { fieldsOf, reasonOf } from './fields.ts'
import { contextOf } from './trace-context.ts'

/**
 * The spans of a notification that has settled and of its steps, told from its record: they may have lasted for days, in several processes, and nobody
 * could have held them open. Their events are its timeline.
 */
export function tellWhole(tracer: Tracer, record: NotificationRecord): void {
  const { id, createdAt, settledAt, outcome, message, timeline } = record
  const { status, by, assumed } = outcome!
  const template = 'template' in message ? message.template : undefined
  const attributes = own({ notification: id, status, by, assumed, template: template?.id, version: template?.version })
  const sent = contextOf(record.trace)
  const whole = tracer.startSpan('notification', { startTime: moment(createdAt), attributes }, sent)
  if (whole.isRecording()) {
    const begun = new Set(timeline.filter(hasBegun).map(({ step }) => step))
    for (const entry of timeline) if (!('step' in entry && begun.has(entry.step))) note(whole, entry)
    for (const index of begun) tellStep(tracer, record, index, trace.setSpan(sent, whole))
    if (status === 'failed' || status === 'expired') failed(whole, status)
  }
  whole.end(moment(settledAt!))
}

function tellStep(tracer: Tracer, record: NotificationRecord, index: number, inside: Context): void {
  const { channel, required, until, state, reason, endedAt } = record.steps[index]!
  const entries = record.timeline.filter((entry) => 'step' in entry && entry.step === index)
  const cause = reason === null ? null : reasonOf(reason)
  const attributes = own({ notification: record.id, step: index, channel, required, until, state, reason: cause })
  const startTime = moment(entries.find(hasBegun)!.at)
  const span = tracer.startSpan(`step ${channel}`, { startTime, attributes }, inside)
  for (const entry of entries) note(span, entry)
  if (state === 'timed-out') failed(span, state)
  if (state === 'failed') failed(span, cause ?? state)
  span.end(moment(endedAt ?? record.settledAt!))
}

/** A span has ended badly. The status has no words: they may be a vendor's. */
export function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** What a step does first, unless it is left out. */
function hasBegun(entry: TimelineEntry): entry is Extract<TimelineEntry, { type: 'attempt.started' | 'step.held' }> {
  return entry.type === 'attempt.started' || entry.type === 'step.held'
}

function note(span: Span, entry: TimelineEntry): void {
  span.addEvent(entry.type, own(fieldsOf(entry)), moment(entry.at))
}

/** A small number would be taken for one of `performance.now()`. */
function moment(time: number): Date {
  return new Date(time)
}
