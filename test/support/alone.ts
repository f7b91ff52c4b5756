import { type CancelAnswer, type FailureKind, formatTimeline, type NotificationRequest, type ReceiptStatus } from 'omnicascade'
import type { Input, ProviderFacts, Transition } from '../../src/cascade/input.ts'
import { cancelAnswer, step } from '../../src/cascade/machine.ts'
import { plan } from '../../src/cascade/plan.ts'
import { ada, content } from './world.ts'

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never
type Rules = Partial<ProviderFacts> & Pick<Partial<NotificationRequest>, 'sendAt' | 'expiresAt'> & { readonly tries?: number }

const providers = (['sms', 'viber', 'email', 'push', 'chat'] as const).map((channel) => ({
  name: channel,
  channels: [channel],
  receipts: 'full' as const,
  send: async () => ({}),
}))

/**
 * One notification alone with the machine: each call is one input at second `t`, and gives what the machine then asks for. An answer is to the
 * latest attempt of its step unless the test names another.
 */
export function alone(
  cascade: NotificationRequest['cascade'],
  { receipts = 'full', idempotent = false, cancellable = true, tries = 2, ...times }: Rules = {},
) {
  const request = { to: ada, content, cascade, ...times }
  const retry = { attempts: tries, baseDelay: 2000, maxDelay: 10_000 }
  const context = { id: 'n1', now: 0, providers, retry, within: () => 120_000, timeZone: null }
  let last: Transition = { record: plan(request, context), effects: [] }
  const latest = (index: number) => last.record.steps[index]!.attempts.length - 1

  function input(t: number, what: WithoutTime<Input>) {
    last = step(last.record, { at: t * 1000, ...what } as Input)
    return last.effects.filter(({ type }) => type !== 'emit')
  }

  const starts = (t: number, index: number, by: Partial<ProviderFacts> = {}, attempt = latest(index) + 1) =>
    input(t, {
      type: 'started',
      step: index,
      attempt,
      provider: { name: 'a', receipts, idempotent, cancellable, ...by },
      to: '+420777123456',
      keys: [`ours-${attempt}`],
      leaseUntil: t * 1000 + 30_000,
    })

  const accepted = (t: number, index: number, attempt = latest(index)) =>
    input(t, { type: 'accepted', step: index, attempt, messageId: `m${attempt}`, keys: [`m${attempt}`], status: 'accepted' })

  return {
    input,
    get last() {
      return last
    },
    get steps() {
      return last.record.steps
    },
    get states() {
      return last.record.steps.map(({ state }) => state)
    },
    wakes: (t: number) => input(t, { type: 'woke' }),
    starts,
    held: (t: number, index: number, until: number, reason: 'template' | 'hook' | 'rate') =>
      input(t, { type: 'held', step: index, attempt: latest(index) + 1, until: until * 1000, reason }),
    vetoed: (t: number, index: number, reason: string) =>
      input(t, { type: 'vetoed', step: index, attempt: latest(index) + 1, reason, failure: null }),
    unavailable: (t: number, index: number, until: number | null) =>
      input(t, { type: 'unavailable', step: index, attempt: latest(index) + 1, until: until && until * 1000 }),
    accepted,
    /** Started, and accepted in the same second. */
    sent: (t: number, index: number) => {
      starts(t, index)
      return accepted(t, index)
    },
    fails: (t: number, index: number, kind: FailureKind, attempt = latest(index)) =>
      input(t, { type: 'rejected', step: index, attempt, failure: { kind, message: `the ${kind} kind` }, random: 0.5 }),
    reported: (t: number, index: number, status: ReceiptStatus, attempt = latest(index)) =>
      input(t, { type: 'receipt', step: index, attempt, receipt: { status, at: t * 1000 } }),
    renewed: (t: number, index: number, until: number, attempt = latest(index)) =>
      input(t, { type: 'renewed', step: index, attempt, leaseUntil: until * 1000 }),
    recalled: (t: number, index: number) => input(t, { type: 'recalled', step: index, attempt: latest(index) }),
    cancel: (t: number): CancelAnswer => {
      const answer = cancelAnswer(last.record)
      input(t, { type: 'cancelRequested' })
      return answer
    },
    /** Its timeline from some entry on, without the clock. */
    told: (from = 0) =>
      formatTimeline(last.record)
        .split('\n')
        .slice(1 + from)
        .map((line) => line.replace(/ +\S+ +/, ' ').replace(/ +/g, ' ')),
  }
}

/** The effect that a cascade begins with. */
export const begin = { type: 'begin', step: 0, attempt: 0, prefer: null, only: false } as const

/** A window that is closed for as long as these tests last. */
export const closed = { from: '12:00', to: '13:00', timeZone: 'UTC' } as const
