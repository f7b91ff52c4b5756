import type { Address } from '../contract/channel.ts'
import { SendError } from '../contract/errors.ts'

/** The digits of an E.164 number, for vendors that take no `+`. Throws a `SendError` (`recipient`) that does not repeat what it is not. */
export function digitsOf(vendor: string, to: Address | undefined): string {
  const digits = typeof to === 'string' ? /^\+?(\d{6,15})$/.exec(to)?.[1] : undefined
  if (digits === undefined) throw new SendError('recipient', `${vendor} takes a phone number in E.164, and this is none`)
  return digits
}

/** A number in digits, as webhooks name it, the way a recipient carries it: with its `+`. What is no number stays as it is. */
export function e164Of(digits: string): string {
  return /^\d{6,15}$/.test(digits) ? `+${digits}` : digits
}
