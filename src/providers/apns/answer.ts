import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { SendResult } from '../../contract/provider.ts'
import { kindOfStatus } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { isText } from '../../wire/options.ts'
import type { ApnsAnswer } from './connection.ts'

const reasons: Readonly<Record<FailureKind, string>> = {
  transient: 'TooManyRequests TooManyProviderTokenUpdates IdleTimeout InternalServerError ServiceUnavailable Shutdown',
  recipient: 'BadDeviceToken DeviceTokenNotForTopic Unregistered ExpiredToken',
  content:
    'PayloadTooLarge PayloadEmpty BadCollapseId BadExpirationDate BadMessageId BadPriority InvalidPushType DuplicateHeaders',
  configuration:
    'BadTopic MissingTopic TopicDisallowed MissingDeviceToken BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken BadPath MethodNotAllowed',
  unknown: '',
}
const kinds = new Map(
  Object.entries(reasons).flatMap(([kind, all]) => all.split(' ').map((reason) => [reason, kind as FailureKind])),
)

/** What an answer comes to. Throws `SendError`. */
export function resultOf({ status, id, body, retryAfter }: ApnsAnswer): SendResult {
  if (status === 200 && id !== undefined) return { messageId: id }
  if (status >= 300 && status < 400)
    throw new SendError('configuration', 'APNs answered with a redirect, which is not followed: check baseUrl', { code: status })
  const reason = reasonIn(body)
  if (reason === undefined) {
    const kind = status < 300 ? 'unknown' : status === 410 ? 'recipient' : kindOfStatus(status)
    throw new SendError(kind, `APNs answered HTTP ${status} without a reason`, { code: status, retryAfter })
  }
  const field = reason === 'PayloadTooLarge' || reason === 'PayloadEmpty' ? 'text' : undefined
  throw new SendError(kinds.get(reason) ?? kindOfStatus(status), `APNs refused the notification: ${reason}`, {
    code: reason,
    retryAfter,
    field,
  })
}

/** Why Apple has refused, by its word for it. */
export function reasonIn(body: string): string | undefined {
  try {
    const { reason } = fieldsOf(JSON.parse(body) as JsonObject)
    return isText(reason, /^[A-Z]\w{2,60}$/) ? reason : undefined
  } catch {
    return undefined
  }
}
