import type { NotifierEvent, TimelineEntry } from '../contract/events.ts'
import type { Failure } from '../contract/failure.ts'

/** What may leave the process by default: names, numbers and words of ours. */
export type Fields = Readonly<Record<string, string | number | boolean | string[]>>

// What an event may also hold is personal, a secret, or in a vendor's words: addresses, links, message ids (some hold an address), texts.
const plain = [
  'step',
  'channel',
  'attempt',
  'provider',
  'status',
  'by',
  'until',
  'retryAt',
  'sendAt',
  'occurredAt',
  'assumed',
  'late',
  'answer',
  'channels',
  'template',
  'version',
  'host',
  'candidates',
] as const

/** An event's fields without anything personal, and without a vendor's or the host's words. Fields that are null are left out. */
export function fieldsOf(event: NotifierEvent | TimelineEntry): Fields {
  const fields: Record<string, string | number | boolean | string[]> = {}
  if ('id' in event && event.id !== undefined) fields.notification = event.id
  copy(event, plain, fields)
  // Of a receipt, the reason is in the vendor's words.
  if ('reason' in event && event.type !== 'attempt.receipt') fields.reason = reasonOf(String(event.reason))
  if ('failure' in event && event.failure) Object.assign(fields, failureFields(event.failure))
  if ('receipt' in event) copy(event.receipt, ['provider', 'status'], fields)
  if ('suppression' in event) copy(event.suppression, ['provider', 'channel', 'reason'], fields)
  return fields
}

/** A step's reason in words of ours: a veto is cut down to the fact, as it carries the host's own. */
export function reasonOf(reason: string): string {
  return reason.startsWith('vetoed: ') && reason !== 'vetoed: suppressed' ? 'vetoed' : reason
}

/** A failure's kind, the field at fault, and its code where that looks like one: with seven digits or an @ it may be an address. */
export function failureFields({ kind, code, field }: Failure): Fields {
  const isCode = code !== undefined && /^(?!(?:\D*\d){7})[\w.:-]{1,40}$/.test(code)
  return { kind, ...(isCode && { code }), ...(field !== undefined && { field }) }
}

function copy(from: object, names: readonly string[], to: Record<string, unknown>): void {
  for (const name of names) {
    const value = (from as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined && value !== null) to[name] = value
  }
}
