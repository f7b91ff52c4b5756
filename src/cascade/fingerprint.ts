import { hash } from '../contract/hash.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationRequest } from '../contract/request.ts'

/**
 * A hash of each field of a request, so that another request under the same idempotency key can be named field by field.
 * What it came to counts, not how it was written: a moment as Date or number, an address that is null or left out.
 */
export function fingerprintOf(
  request: NotificationRequest,
  planned: Pick<NotificationRecord, 'to' | 'message' | 'sendAt' | 'expiresAt'>,
): Record<string, string> {
  const fingerprint: Record<string, string> = {}
  const add = (field: string, value: unknown) => {
    if (value !== undefined) fingerprint[field] = hash(canonical(value))
  }
  const { message, to, expiresAt } = planned
  if ('content' in message) add('content', message.content)
  else {
    add('template', message.template)
    add('variables', message.variables)
  }
  add('to', to)
  add('cascade', request.cascade)
  add('window', request.window)
  if (request.order !== 'as-given') add('order', request.order)
  add('category', request.category)
  add('metadata', request.metadata)
  if (request.sendAt !== undefined) add('sendAt', planned.sendAt)
  if (expiresAt !== null) add('expiresAt', expiresAt)
  return fingerprint
}

/** The fields in which two fingerprints differ, sorted. */
export function differences(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((field) => one[field] !== other[field]).sort()
}

/** JSON with sorted keys: the same value always gives the same text. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  let fields = ''
  for (const key of sortedKeys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[key]
    if (item !== undefined) fields += `${fields && ','}${JSON.stringify(key)}:${canonical(item)}`
  }
  return `{${fields}}`
}

/** Most objects have one key, or list them in this order: sorting costs more than a look. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value)
  return keys.some((key, index) => key < keys[index - 1]!) ? keys.sort() : keys
}
