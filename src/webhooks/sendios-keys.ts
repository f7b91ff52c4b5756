import { hash } from '../contract/hash.ts'

/** The field of an e-mail's own `meta` that carries the idempotency key; Sendios sends `meta` back with each e-mail event [doc]. */
export const sendiosMetaField = 'omnicascade'

/** Correlation key of an SMS whose `sms_id` is known. */
export const sendiosSmsKey = (smsId: string | number): string => `sms:${smsId}`

/** Correlation key of an SMS by whom it went to and which template it used: all that `sms_*` events say where `sms_id` was not learnt. */
export const sendiosUserKey = (clientUserId: string | number, templateId: string | number): string =>
  `user:${clientUserId}:template:${templateId}`

/** Correlation key of an e-mail that carries `id` in `meta.omnicascade`: exact, so that events with it use no other key. */
export const sendiosMetaKey = (id: string): string => `meta:${id}`

/** Correlation key of an e-mail by the app's own user id and the `type_id` of the send, for events without our `meta`. */
export const sendiosMailUserKey = (clientUserId: string | number, typeId: string | number): string =>
  `user:${clientUserId}:type:${typeId}`

/**
 * Correlation key of an e-mail by its address (in any case) and the `type_id` of the send; a rejected address has no user id [live].
 * Keys are told in events, so the address is hashed.
 */
export const sendiosMailAddressKey = (email: string, typeId: string | number): string =>
  `mail:${hash(email.toLowerCase())}:type:${typeId}`
