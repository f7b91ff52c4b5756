import type { FailureKind, ReceiptStatus, ReceiptSupport } from 'omnicascade'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { explore, type Model } from '../support/model.ts'

const kinds: readonly FailureKind[] = ['recipient', 'unknown']
const everyKind: readonly FailureKind[] = ['transient', 'recipient', 'content', 'configuration', 'unknown']
const statuses: readonly ReceiptStatus[] = ['delivered', 'failed']
const supports: readonly ReceiptSupport[] = ['none', 'failures', 'full']
const email = { channel: 'email', required: true } as const

vi.setConfig({ testTimeout: 300_000 })

const total = { states: 0, transitions: 0 }
afterAll(() => console.log(`the model visited ${total.states} states by ${total.transitions} transitions`))

/** The ways in which the cascade can settle, once every interleaving has been found in order. */
function outcomesOf(model: Pick<Model, 'cascade' | 'receipts'> & Partial<Model>): string[] {
  const { states, transitions, outcomes } = explore({ kinds, statuses, ...model })
  total.states += states
  total.transitions += transitions
  return [...outcomes].sort()
}

describe('every interleaving of a small cascade keeps every promise', () => {
  test.each(supports)('one step, %s, with every kind of failure and every receipt', (support) => {
    const every: readonly ReceiptStatus[] = ['sent', 'delivered', 'failed', 'expired']
    expect(outcomesOf({ cascade: ['sms'], receipts: [support], kinds: everyKind, statuses: every })).toEqual([
      'cancelled',
      'delivered',
      'failed',
    ])
  })

  test.each(supports.flatMap((first) => supports.map((second) => [first, second] as const)))(
    'two steps, %s and then %s',
    (first, second) => {
      expect(outcomesOf({ cascade: ['sms', 'email'], receipts: [first, second] })).toEqual(['cancelled', 'delivered', 'failed'])
    },
  )

  test('two steps, full and then none, with every kind of failure', () => {
    expect(outcomesOf({ cascade: ['sms', 'email'], receipts: ['full', 'none'], kinds: everyKind })).toEqual([
      'cancelled',
      'delivered',
      'failed',
    ])
  })

  test('three steps', () => {
    expect(
      outcomesOf({
        cascade: ['telegram', 'sms', 'email'],
        receipts: ['none', 'full', 'none'],
        kinds: ['recipient'],
        statuses: ['delivered'],
      }),
    ).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test('a required step beside a chain of one', () => {
    expect(outcomesOf({ cascade: ['sms', email], receipts: ['full', 'none'], kinds: ['unknown'] })).toEqual([
      'cancelled',
      'delivered',
      'failed',
    ])
  })

  test('a required step in the midst of a chain of two', () => {
    const model = {
      cascade: ['telegram', email, 'sms'],
      receipts: ['none', 'none', 'full'],
      kinds: ['recipient'],
      statuses: ['delivered'],
    } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test('required steps alone', () => {
    expect(
      outcomesOf({ cascade: [email, { channel: 'push', required: true }], receipts: ['none', 'full'], kinds: ['recipient'] }),
    ).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test('until read', () => {
    const model = {
      cascade: [{ channel: 'whatsapp', until: 'read' }, 'sms'],
      receipts: ['full', 'none'],
      statuses: ['delivered', 'read', 'failed'],
    } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test('delayed, and expiring while a step waits', () => {
    const model = {
      cascade: ['sms', 'email'],
      receipts: ['full', 'none'],
      sendAt: 1000,
      expiresAt: 61_000,
      late: 61_000,
    } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'expired', 'failed'])
  })

  test.each([
    ['assume-sent', true],
    ['resend', true],
    ['resend', false],
  ] as const)('unknown sends under %s, idempotency keys honoured: %s', (onUnknown, idempotent) => {
    const model = {
      cascade: [{ channel: 'chat', onUnknown }, 'sms'],
      receipts: ['none', 'full'],
      idempotent,
      statuses: ['delivered'],
    } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test.each(supports)(
    'two steps, %s and then none, of several processes: some call no providers, others renew their leases',
    (support) => {
      const model = {
        cascade: ['sms', 'email'],
        receipts: [support, 'none'],
        kinds: ['unknown', 'transient'],
        fronts: true,
      } as const
      expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
    },
  )

  test('an unknown send that is repeated, through a vendor that reports in full', () => {
    const cascade = [{ channel: 'sms', onUnknown: 'resend' }, 'email'] as const
    const model = { cascade, receipts: ['full', 'none'], idempotent: true, kinds: ['unknown'], statuses: ['delivered'] } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
  })

  test.each([true, false])('one step through two providers, idempotency keys honoured: %s', (idempotent) => {
    const cascade = [{ channel: 'sms', onUnknown: 'resend' }] as const
    const model = {
      cascade,
      receipts: ['full'],
      kinds: ['transient', 'configuration', 'unknown'],
      statuses: ['delivered'],
      providers: 2,
      idempotent,
    } as const
    expect(outcomesOf(model)).toEqual(['cancelled', 'delivered', 'failed'])
  })
})
