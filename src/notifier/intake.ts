import { nanoid } from 'nanoid'
import { differences } from '../cascade/fingerprint.ts'
import { type PlanContext, plan, templateOf } from '../cascade/plan.ts'
import { IdempotencyConflictError } from '../contract/errors.ts'
import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationRequest } from '../contract/request.ts'
import type { Template } from '../contract/template.ts'
import { chain } from './awaitable.ts'
import { contentIssues } from './content-issues.ts'

// Loaded when the first request comes: a process that only wakes notifications and takes webhooks needs none of it.

/** Ids that rise with time: those that are made together lie together in a store's index. 72 bits tell those of one millisecond apart. */
function newId(now: number): string {
  return Math.max(0, Math.floor(now)).toString(36).padStart(9, '0') + nanoid(12)
}

/** Checks a request, all of it, and plans its record. Throws `RequestError`. */
export function planRequest(
  request: NotificationRequest,
  context: Omit<PlanContext, 'id'> & { readonly createId: (() => string) | undefined },
): Awaitable<{ record: NotificationRecord; template: Template<never> | undefined }> {
  const { createId = () => newId(context.now) } = context
  const template = templateOf(request)
  return chain(template?.validate(request.variables ?? {}) ?? { issues: contentIssues(request?.content) }, (checked) => {
    const record = plan(request, { ...context, id: createId() }, 'issues' in checked ? checked.issues : [])
    return { record, template }
  })
}

/** Throws `IdempotencyConflictError` if the record that has a request's idempotency key came from another request than `planned`. */
export function checkSame(planned: NotificationRecord, record: NotificationRecord): void {
  const fields = differences(record.fingerprint ?? {}, planned.fingerprint ?? {})
  if (fields.length > 0) throw new IdempotencyConflictError(record.id, fields)
}
