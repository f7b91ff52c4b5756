import type { ProviderFacts } from '../../../src/cascade/input.ts'
import type { Failure, FailureKind } from '../../../src/contract/failure.ts'
import type { ReceiptSupport } from '../../../src/contract/provider.ts'
import type { Setting } from './explore.ts'
import type { Cascade } from './facts.ts'

/** Midnight: windows of the tests are near it. */
export const start = Date.UTC(2026, 10, 25)
export const channels = ['sms', 'viber', 'email'] as const

/** A step of a setting, and what serves it. */
export interface Part extends Partial<Cascade['steps'][number]> {
  readonly receipts?: ReceiptSupport
  readonly idempotent?: boolean
  readonly providers?: number
}

/** A setting of these steps, of which little may happen unless the test says otherwise. */
export function setting(
  parts: readonly Part[],
  {
    tries = 1,
    sendAt = 0,
    expiresAt = null,
    ...rest
  }: Partial<Setting> & { tries?: number; sendAt?: number; expiresAt?: number | null } = {},
): Setting {
  const cascade: Cascade = {
    id: 'n',
    createdAt: start,
    sendAt: start + sendAt,
    expiresAt: expiresAt === null ? null : start + expiresAt,
    retry: { attempts: tries, baseDelay: 4000, maxDelay: 30_000 },
    steps: parts.map(({ receipts, idempotent, providers, ...rule }, index) => ({
      channel: channels[index]!,
      required: false,
      until: 'delivered',
      within: 120_000,
      window: null,
      onUnknown: 'advance',
      absent: null,
      ...rule,
    })),
  }
  return {
    cascade,
    providers: parts.map(providersOf),
    failures: failures('recipient', 'unknown'),
    statuses: ['delivered', 'failed'],
    accepts: ['accepted'],
    answers: [],
    lateness: [0],
    renews: false,
    defers: false,
    ...rest,
  }
}

function providersOf({ receipts = 'full', idempotent = false, providers = 1 }: Part): ProviderFacts[] {
  return ['a', 'b'].slice(0, providers).map((name) => ({ name, receipts, idempotent, cancellable: name === 'a' }))
}

export const failures = (...kinds: readonly FailureKind[]): Failure[] =>
  kinds.map((kind) => ({ kind, message: `the ${kind} kind` }))

/** A vendor that asks for as long a wait as is kept, and one that asks for a longer one. */
export const busy: readonly Failure[] = [30_000, 30_001].map((retryAfter) => ({ kind: 'transient', message: 'busy', retryAfter }))

type Choice<T> = { [K in keyof T]: T[K] extends readonly (infer V)[] ? V : never }

/** Every way of taking one of the values for each name. */
export function product<const T extends Readonly<Record<string, readonly unknown[]>>>(values: T): Choice<T>[] {
  const all = Object.entries(values).reduce<Record<string, unknown>[]>(
    (made, [name, those]) => made.flatMap((one) => those.map((value) => ({ ...one, [name]: value }))),
    [{}],
  )
  return all as Choice<T>[]
}
