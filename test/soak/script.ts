// What each notification of a soak asks for, and what becomes of each call at its vendor: derived from the seed and its number alone.
import type { StepInput } from 'omnicascade'
import { createRandom, type Random } from '../crash/random.ts'

/** The vendors: each is a process, and a provider of the same name. */
export const vendorNames = ['gateway', 'infobip', 'twilio', 'sendgrid', 'slack'] as const

/** One of the vendors. */
export type VendorName = (typeof vendorNames)[number]

/** What the vendors send on. */
export const channelNames = ['sms', 'email', 'chat'] as const

/** One of the channels. */
export type SoakChannel = (typeof channelNames)[number]

/** What a vendor is like. */
export interface VendorSetting {
  readonly channel: SoakChannel
  /** What the vendor allows, which is what its provider declares: at most `count` calls in any `per` milliseconds, and so many at a time. */
  readonly limits: { readonly rate: { readonly count: number; readonly per: number }; readonly concurrency: number }
  /** Whether receipts find an attempt whose answer nobody saw. */
  readonly knowsKeys: boolean
  /** About how many calls it gets per notification. */
  readonly share: number
}

/** `twilio` is given more than its rate lets through, so that it overflows into the others. */
export const settings: Readonly<Record<VendorName, VendorSetting>> = {
  gateway: setting('sms', 6000, 128, true, 0.8),
  infobip: setting('sms', 3000, 48, true, 0.07),
  twilio: setting('sms', 150, 16, false, 0.03),
  sendgrid: setting('email', 3000, 48, true, 0.14),
  slack: setting('chat', 2500, 32, false, 0.08),
}

function setting(channel: SoakChannel, count: number, concurrency: number, knowsKeys: boolean, share: number): VendorSetting {
  return { channel, limits: { rate: { count, per: 25_000 }, concurrency }, knowsKeys, share }
}

/** Real milliseconds that a call may be on its way from the notifier to a vendor, on a machine that is busy with both. */
export const onTheWay = 500

/** How calls and silences are timed, in milliseconds of the run's own clock. */
export const timing = { within: 60_000, timeout: 10_000, coolDown: 30_000, threshold: 5 }

/** One notification of the run. */
export interface Plan {
  readonly number: number
  readonly cascade: readonly StepInput<SoakChannel>[]
  /** The e-mail goes out beside the chain, and does not stand for it. */
  readonly emailRequired: boolean
  /** It has an idempotency key and is asked for twice. */
  readonly twice: boolean
}

/** What a notification asks for. */
export function planOf(seed: number, number: number): Plan {
  const random = createRandom(seed, number, 0x91a)
  const shape = random.next()
  const cascade: readonly StepInput<SoakChannel>[] =
    shape < 0.9
      ? ['sms', 'email', 'chat']
      : shape < 0.93
        ? ['email', 'chat']
        : shape < 0.95
          ? ['chat']
          : shape < 0.97
            ? [{ channel: 'sms', through: 'infobip', onUnknown: 'resend' }, 'chat']
            : ['sms', { channel: 'email', required: true }, 'chat']
  return { number, cascade, emailRequired: shape >= 0.97, twice: random.chance(0.05) }
}

/**
 * What a vendor does with a call.
 * - `good`: taken, answered after `latency` milliseconds of real time
 * - `busy`: refused with 429 and a Retry-After. `error`: refused with a 5xx. `recipient`, `content`: refused for good
 * - `reset`: the connection is reset before the answer. `torn`: in the midst of it. `silent`: never answered. `drip`: the body comes a byte now and then;
 *   `endless`: until the caller gives up. `html`, `empty`, `garbage`: answered 200 with what no vendor documents. All these: taken or not
 */
export interface Fault {
  readonly kind:
    | 'good'
    | 'busy'
    | 'error'
    | 'recipient'
    | 'content'
    | 'reset'
    | 'torn'
    | 'silent'
    | 'drip'
    | 'endless'
    | 'html'
    | 'empty'
    | 'garbage'
  readonly taken: boolean
  readonly latency: number
  /** `busy`: seconds to wait; as an HTTP date if `dated`. */
  readonly wait: number
  readonly dated: boolean
  readonly status: number
}

const odds: readonly (readonly [kind: Fault['kind'], probability: number])[] = [
  ['busy', 0.02],
  ['error', 0.015],
  ['recipient', 0.008],
  ['content', 0.004],
  ['reset', 0.004],
  ['torn', 0.003],
  ['silent', 0.003],
  ['drip', 0.004],
  ['endless', 0.001],
  ['html', 0.003],
  ['empty', 0.002],
  ['garbage', 0.003],
]

/** What a vendor does with the `nth` call that it gets for a notification. */
export function faultOf(seed: number, vendor: VendorName, number: number, nth: number): Fault {
  const random = createRandom(seed, number, vendorNames.indexOf(vendor), nth)
  // The first few have one fault each, so that none is missing from a small run.
  const kind = (nth === 0 ? odds[number]?.[0] : undefined) ?? kindOf(random.next())
  return {
    kind,
    taken:
      kind === 'good' || kind === 'drip' || (!['busy', 'error', 'recipient', 'content'].includes(kind) && random.chance(0.5)),
    latency: random.chance(0.05) ? random.below(80) : 0,
    // One in ten is longer than anyone waits: the next provider takes it.
    wait: random.chance(0.1) ? 90 : 1 + random.below(8),
    dated: random.chance(0.3),
    status: random.pick([500, 502, 503]),
  }
}

function kindOf(point: number): Fault['kind'] {
  let left = point
  for (const [kind, probability] of odds) {
    left -= probability
    if (left < 0) return kind
  }
  return 'good'
}

/** When a report is posted: at once, soon after, or long after its step has timed out. */
export type Moment = 'soon' | 'later' | 'late'

/** What a vendor reports of a message. */
export interface Report {
  readonly status: 'sent' | 'delivered' | 'failed'
  readonly moment: Moment
}

/** What a vendor reports of a message that it has taken, `early` before it answers the call. */
export function storyOf(
  seed: number,
  vendor: VendorName,
  number: number,
): { readonly early: boolean; readonly reports: readonly Report[] } {
  const random = createRandom(seed, number, vendorNames.indexOf(vendor), 0x5707)
  return { early: random.chance(0.02), reports: reportsOf(random) }
}

function reportsOf(random: Random): readonly Report[] {
  const delivered: Report = { status: 'delivered', moment: 'soon' }
  const point = random.next()
  if (point < 0.02) return [{ status: 'failed', moment: 'soon' }]
  if (point < 0.025) return []
  if (point < 0.035) return [{ status: 'delivered', moment: 'late' }]
  if (point < 0.04)
    return [
      { status: 'failed', moment: 'soon' },
      { status: 'delivered', moment: 'later' },
    ]
  if (point < 0.07) return [delivered, delivered]
  if (point < 0.1) return [delivered, { status: 'sent', moment: 'later' }]
  if (point < 0.2)
    return [
      { status: 'sent', moment: 'soon' },
      { status: 'delivered', moment: 'later' },
    ]
  return [delivered]
}

/** How a vendor is down: it refuses, resets, never answers, or no longer knows the account. */
export type Outage = 'error' | 'reset' | 'silent' | 'account'

/** How a vendor is down for the `nth` time. */
export function outageOf(vendor: VendorName, nth: number): Outage {
  return (['error', 'reset', 'silent', 'account'] as const)[(vendorNames.indexOf(vendor) + nth) % 4] ?? 'error'
}

/** The addresses by which a vendor knows whose call it has. */
export const addressesOf = (number: number) => ({
  phone: `+4207${String(number).padStart(8, '0')}`,
  email: `n${number}@example.org`,
  chat: `C${String(number).padStart(8, '0')}`,
  userId: String(number),
})
