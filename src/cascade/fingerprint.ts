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
  const { cascade, window, metadata } = request
  const sendAt = request.sendAt === undefined ? undefined : planned.sendAt
  const named = {
    ...planned.message,
    to: planned.to,
    cascade,
    window,
    metadata,
    sendAt,
    expiresAt: planned.expiresAt ?? undefined,
  }
  const fingerprint: Record<string, string> = {}
  for (const [field, value] of Object.entries(named)) if (value !== undefined) fingerprint[field] = hash(canonical(value))
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
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key]
    if (item !== undefined) fields += `${fields && ','}${JSON.stringify(key)}:${canonical(item)}`
  }
  return `{${fields}}`
}
