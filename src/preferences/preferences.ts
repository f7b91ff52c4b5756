import type { Channel, Recipient } from '../contract/channel.ts'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule, type OptionRule } from '../wire/options.ts'
import type { CapLog, OptOutList } from './interfaces.ts'
import { recipientKey } from './recipient.ts'

export { type Digest, type DigestItem, type DigestOptions, type DigestSender, digest } from './digest.ts'
export type {
  CapLog,
  CapPlace,
  CapRule,
  DigestStore,
  DigestWindow,
  OptOut,
  OptOutList,
  OptOuts,
  OptOutTarget,
  PreferenceStore,
} from './interfaces.ts'
export { memoryPreferences } from './memory.ts'
export { recipientKey } from './recipient.ts'

/** What holds for the notifications of one category. */
export interface CategoryRules {
  /** Bypasses opt-outs and caps, and counts for none. Default false. */
  readonly critical?: boolean
  /** What becomes of a step that a cap has no room for: skipped (default), or held until there is. */
  readonly whenCapped?: 'skip' | 'hold'
}

/** At most `count` notifications for one recipient in any `per`: of a category, or of all that are not critical. */
export interface FrequencyCap<G extends string> {
  readonly category?: G
  readonly count: number
  readonly per: Duration
}

/** Options of `createPreferences`. */
export interface PreferencesOptions<G extends string> {
  /** Every category that the app has. */
  readonly categories: Readonly<Record<G, CategoryRules>>
  /** A ready store, or the app's own functions: `isOptedOut`, and those of `CapLog` where there are caps. */
  readonly store: OptOutList & Partial<CapLog>
  readonly caps?: readonly FrequencyCap<NoInfer<G>>[]
  /** Whose preferences hold; undefined: nobody's. Default `recipientKey`. */
  readonly recipient?: (to: Recipient, channel: Channel) => string | undefined
  /** The notifier's, where that is given one. */
  readonly clock?: Clock
}

/** Options of `createNotifier`. */
export interface Preferences<G extends string> {
  readonly categories: readonly G[]
  readonly beforeSend: (step: StepRecord, record: NotificationRecord) => Promise<string | { readonly until: number } | undefined>
  /** There where there are caps. */
  readonly onSettled?: (record: NotificationRecord) => Promise<void>
}

/** Makes opt-outs and frequency caps of a store into options of `createNotifier`. Throws `RequestError` on options that cannot work. */
export function createPreferences<const G extends string>(options: PreferencesOptions<G>): Preferences<G> {
  check(options)
  const { categories, store, caps = [], recipient: keyOf = recipientKey, clock = systemClock } = options
  const rules = caps.map(({ category = null, count, per }) => ({ category, count, per: millisecondsOf(per)! }))
  const longest = Math.max(0, ...rules.map(({ per }) => per))

  // By notification: how many hooks wait for the store, and the record, if it has settled meanwhile.
  const asking = new Map<string, { hooks: number; settled?: NotificationRecord }>()

  async function beforeSend(step: StepRecord, record: NotificationRecord) {
    const own = asking.get(record.id) ?? { hooks: 0 }
    own.hooks++
    asking.set(record.id, own)
    try {
      return await ask(step, record)
    } finally {
      if (--own.hooks === 0) asking.delete(record.id)
      if (own.settled !== undefined) await giveBackUnsent(own.settled)
    }
  }

  async function ask(step: StepRecord, record: NotificationRecord) {
    const { category = null } = record
    const { critical, whenCapped }: CategoryRules =
      category !== null && Object.hasOwn(categories, category) ? categories[category as G] : {}
    const recipient = keyOf(record.to, step.channel)
    if (critical || recipient === undefined) return undefined
    for (const channel of step.delegated ?? [step.channel])
      if (await store.isOptedOut({ recipient, channel, category })) return 'opted out'
    const own = rules.filter((rule) => rule.category === null || rule.category === category)
    // Whatever follows the first attempt goes with it.
    const isOwn = ({ channel, attempts }: StepRecord) => attempts.length > 0 && keyOf(record.to, channel) === recipient
    if (own.length === 0 || record.steps.some(isOwn)) return undefined
    const at = clock.now()
    const until = await store.takePlace!({ id: record.id, recipient, category, at, caps: own, forgetUntil: at - longest })
    if (until === null) return undefined
    return whenCapped === 'hold' ? { until } : 'frequency cap'
  }

  async function onSettled(record: NotificationRecord): Promise<void> {
    const own = asking.get(record.id)
    if (own !== undefined) own.settled = record
    await giveBackUnsent(record)
  }

  async function giveBackUnsent({ id, to, steps }: NotificationRecord): Promise<void> {
    const sentTo = new Map<string, boolean>()
    for (const { channel, attempts } of steps) {
      const recipient = keyOf(to, channel)
      const wasSent = attempts.some(({ state }) => state !== 'failed' && state !== 'recalled')
      if (recipient !== undefined) sentTo.set(recipient, wasSent || sentTo.get(recipient) === true)
    }
    for (const [recipient, wasSent] of sentTo) if (!wasSent) await store.giveBack!(id, recipient)
  }

  return { categories: Object.keys(categories) as G[], beforeSend, ...(rules.length > 0 && { onSettled }) }
}

function check(options: PreferencesOptions<string>): void {
  const { categories, store, caps, clock = systemClock, ...rest } = options ?? {}
  const { recipient = recipientKey, ...others } = rest
  checkNames('createPreferences', others, [])
  const isList = Array.isArray(caps ?? [])
  const named = Object.keys(categories ?? {})
  const isNamed = (category: string | undefined) => category === undefined || named.includes(category)
  const ofCap = (cap: FrequencyCap<string>, index: number): OptionRule[] => [
    [`caps[${index}].category`, cap?.category, isNamed(cap?.category), `be one of ${named.join(', ')}`],
    [`caps[${index}].count`, cap?.count, Number.isInteger(cap?.count) && cap.count >= 1, 'be a whole number of at least 1'],
    [
      `caps[${index}].per`,
      cap?.per,
      (millisecondsOf(cap?.per) ?? 0) > 0,
      `be longer than nothing; what was given ${durationForm}`,
    ],
  ]
  const hasLog = typeof store?.takePlace === 'function' && typeof store.giveBack === 'function'
  checkOptions('createPreferences', [
    ['categories', categories, named.length > 0, 'name each category: { marketing: {}, security: { critical: true } }'],
    ['store', store, typeof store?.isOptedOut === 'function', 'have isOptedOut()'],
    ['store', store, !caps?.length || hasLog, 'have takePlace() and giveBack() where there are caps'],
    ['caps', caps, isList, 'be a list of { category, count, per }'],
    ...(isList ? (caps ?? []).flatMap(ofCap) : []),
    ['recipient', recipient, typeof recipient === 'function', 'be a function'],
    clockRule(clock),
  ])
  for (const [name, own] of Object.entries(categories)) {
    checkNames(`createPreferences: categories.${name}`, own, ['critical', 'whenCapped'])
    const { whenCapped = 'skip' } = own
    checkOptions(`createPreferences: categories.${name}`, [
      ['whenCapped', whenCapped, whenCapped === 'skip' || whenCapped === 'hold', "be 'skip' or 'hold'"],
    ])
  }
}
