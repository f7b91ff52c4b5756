import { inspect, isDeepStrictEqual } from 'node:util'
import { isOmnicascadeError, type OmnicascadeError } from 'omnicascade'
import { priceFrom } from '../../src/contract/price.ts'
import type { Receipt } from '../../src/contract/receipt.ts'
import type { Suppression } from '../../src/contract/suppression.ts'
import { ensure, Fault } from './target.ts'

// What holds whatever comes in.

/** Fails if an error is none of the library's, or shows a secret. `closely` also looks at what a log would print, which takes a while. */
export function checkError(error: unknown, secrets: readonly string[], closely: boolean): asserts error is OmnicascadeError {
  if (error instanceof Fault) throw error
  if (!isOmnicascadeError(error)) throw new Fault(`threw what is not typed: ${inspect(error).slice(0, 2000)}`)
  const shown = [...shownOf(error, 0), ...(closely ? [inspect(error, { depth: 8, showHidden: true })] : [])].join('\n')
  for (const secret of secrets) ensure(!shown.includes(secret), `shows a secret (${secret}) in: ${shown.slice(0, 2000)}`)
}

function shownOf(error: unknown, depth: number): string[] {
  if (!(error instanceof Error)) return [typeof error === 'object' ? (JSON.stringify(error) ?? '') : String(error)]
  const { message, stack = '', cause } = error
  return [message, stack, JSON.stringify(error), ...(cause === undefined || depth > 5 ? [] : shownOf(cause, depth + 1))]
}

const guarded = [Object, Array, Function, String, Number, Map, Error, Promise].map(({ prototype }) => prototype as object)
const untouched = guarded.map(
  (prototype) => Object.getOwnPropertyDescriptors(prototype) as Record<PropertyKey, PropertyDescriptor>,
)
const sizes = guarded.map((prototype) => Reflect.ownKeys(prototype).length)

/** Fails if something was written to a prototype that all objects share. */
export function checkPrototypes(closely: boolean): void {
  for (const key in {}) throw new Fault(`Object.prototype has got ${key}`)
  for (const [at, prototype] of guarded.entries()) {
    const keys = Reflect.ownKeys(prototype)
    ensure(keys.length === sizes[at], `a prototype has other keys than before: ${keys.map(String).join()}`)
    if (!closely) continue
    for (const key of keys)
      ensure(
        Object.getOwnPropertyDescriptor(prototype, key)?.value === untouched[at]![key]?.value,
        `${String(key)} of a prototype was replaced`,
      )
  }
}

const statuses: readonly unknown[] = ['sent', 'delivered', 'read', 'clicked', 'failed', 'expired']
const reasons: readonly unknown[] = ['opted-out', 'complained', 'blocked', 'bounced', 'refused']
const channels: readonly unknown[] = ['sms', 'email', 'push', 'whatsapp', 'viber', 'telegram', 'vk', 'ok', 'chat']

/** A moment that a Date can hold. */
const isMoment = (value: unknown) => typeof value === 'number' && Math.abs(value) <= 8.64e15
const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isAbsentOrText = (value: unknown) => value === undefined || typeof value === 'string'

/** Fails if a receipt is not what a notifier can take. */
export function checkReceipt(receipt: Receipt, provider: string): void {
  const { keys, status, at, messageId, raw, reason, link, match, near, cost } = receipt
  ensure(receipt.provider === provider, 'a receipt is of another provider')
  ensure(Array.isArray(keys) && keys.length > 0 && keys.every(isText), `a receipt has the keys ${JSON.stringify(keys)}`)
  ensure(statuses.includes(status), `a receipt has the status ${status}`)
  ensure(isMoment(at), `a receipt is of ${at}`)
  ensure(messageId === undefined || isText(messageId), `a receipt has the message id ${JSON.stringify(messageId)}`)
  ensure([raw, reason, link].every(isAbsentOrText), 'a receipt has words that are no text')
  ensure(match === undefined || match === 'only' || match === 'newest', 'a receipt matches in a way that there is not')
  ensure(near === undefined || (isMoment(near.at) && near.tolerance >= 0), `a receipt is near ${near?.at}`)
  ensure(cost === undefined || isDeepStrictEqual(priceFrom(cost), cost), `a receipt costs ${JSON.stringify(cost)}`)
  checkPlain(receipt)
}

/** Fails if a suppression is not what a list can take. */
export function checkSuppression(suppression: Suppression, provider: string): void {
  const { state, channel, address, reason, at, raw } = suppression
  ensure(suppression.provider === provider, 'a suppression is of another provider')
  ensure(state === 'suppressed' || state === 'restored', `a suppression is ${state}`)
  ensure(channels.includes(channel), `a suppression is for ${channel}`)
  ensure(isText(address) || Number.isSafeInteger(address), `a suppression is of ${JSON.stringify(address)}`)
  ensure(reasons.includes(reason), `a suppression has the reason ${reason}`)
  ensure(isMoment(at), `a suppression is of ${at}`)
  ensure(isAbsentOrText(raw), 'a suppression has words that are no text')
  checkPlain(suppression)
}

/** Fails if anything within a value has a prototype of a stranger's making. */
export function checkPlain(value: unknown): void {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null || one instanceof Error || one instanceof Uint8Array) continue
    const prototype: unknown = Object.getPrototypeOf(one)
    ensure(prototype === null || prototype === Object.prototype || prototype === Array.prototype, 'a result has an odd prototype')
    // One by one: a spread of a long list would overflow the stack.
    for (const item of Object.values(one)) open.push(item)
  }
}
