import { unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { objectOf, type TwinApi, type TwinCallOptions } from './api.ts'

/** Phone numbers to look up (HLR). */
export interface TwinPhoneCheckRequest {
  /** Digits with country code, without `+`. */
  readonly phones: readonly string[]
  /** Presumably fetches an earlier check's results (unverified). */
  readonly checkId?: string
  readonly companyId?: string | number
  /** Its values are not public. */
  readonly provider?: string
}

/** What a look-up says of each number. */
export interface TwinPhoneCheck {
  readonly checkId: string
  /** By phone number; statuses and codes are opaque. */
  readonly result: Readonly<Record<string, { readonly status?: string | null; readonly statusCode?: number | null }>>
}

/** Looks up whether phone numbers can be reached (`phoneChecks`). */
export type TwinPhoneChecks = (request: TwinPhoneCheckRequest, options?: TwinCallOptions) => Promise<TwinPhoneCheck>

/** The phone check of one host. */
export function createPhoneChecks(api: TwinApi): TwinPhoneChecks {
  return async (request, { signal } = {}) => {
    const answer = await api('phoneChecks', { method: 'POST', json: request, secrets: request.phones, signal })
    const { checkId, result } = objectOf(answer)
    if (typeof checkId !== 'string') throw unexpectedAnswer('TWIN', answer)
    // An empty map is an empty list in the vendor's language.
    return { checkId, result: fieldsOf(result) as TwinPhoneCheck['result'] }
  }
}
