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
  return Object.fromEntries(
    Object.entries(named).flatMap(([field, value]) => (value === undefined ? [] : [[field, hash(canonical(value))]])),
  )
}

/** The fields in which two fingerprints differ, sorted. */
export function differences(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((field) => one[field] !== other[field]).sort()
}

/** JSON with sorted keys: the same value always gives the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}
