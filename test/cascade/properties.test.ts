// The model's promises on cascades too large to be explored: random ways through random cascades, windows and expiry included.
import fc from 'fast-check'
import type { FailureKind, ReceiptStatus, ReceiptSupport, StepInput } from 'omnicascade'
import { expect, test, vi } from 'vitest'
import { type Model, walk } from '../support/model.ts'

vi.setConfig({ testTimeout: 120_000 })

const channels = ['sms', 'email', 'push', 'whatsapp', 'viber', 'telegram', 'vk', 'ok', 'chat'] as const
const kinds: readonly FailureKind[] = ['transient', 'recipient', 'content', 'configuration', 'unknown']
const statuses: readonly ReceiptStatus[] = ['sent', 'delivered', 'read', 'failed', 'expired']

const window = fc.constantFrom(
  { from: '00:00', to: '00:02' },
  { from: '00:01', to: '00:03' },
  { from: '23:00', to: '00:01' },
  { from: '12:00', to: '18:00', timeZone: 'America/New_York' },
)
const support: fc.Arbitrary<ReceiptSupport> = fc.constantFrom('none', 'failures', 'full')

/** Four to seven steps, each with rules of its own. */
const model: fc.Arbitrary<Model> = fc.shuffledSubarray([...channels], { minLength: 4, maxLength: 7 }).chain((chosen) =>
  fc.record(
    {
      cascade: fc.tuple(
        ...chosen.map((channel) =>
          fc.record(
            {
              channel: fc.constant(channel),
              required: fc.boolean(),
              until: fc.constantFrom('accepted' as const, 'delivered' as const, 'read' as const),
              within: fc.constantFrom(30_000, 90_000),
              onUnknown: fc.constantFrom('advance' as const, 'assume-sent' as const, 'resend' as const),
              window,
            },
            { requiredKeys: ['channel'] },
          ),
        ),
      ) as fc.Arbitrary<StepInput[]>,
      receipts: fc.tuple(...chosen.map(() => support)),
      idempotent: fc.boolean(),
      kinds: fc.constant(kinds),
      statuses: fc.constant(statuses),
      sendAt: fc.constantFrom(0, 45_000),
      expiresAt: fc.constantFrom(100_000, 200_000, 3_600_000),
      providers: fc.constantFrom(1, 2),
      tries: fc.constantFrom(1, 3),
      late: fc.constantFrom(0, 150_000),
    },
    { requiredKeys: ['cascade', 'receipts', 'idempotent', 'kinds', 'statuses'] },
  ),
)

test('whatever happens to a large cascade, in whatever order, every promise is kept', () => {
  const ends = new Set<string>()
  fc.assert(
    fc.property(model, fc.array(fc.nat(1000), { minLength: 10, maxLength: 60, size: 'max' }), (walked, choices) => {
      for (const { outcome } of walk(walked, choices)) ends.add(outcome?.status ?? 'under way')
    }),
    { numRuns: 400 },
  )
  // The walks are long enough to end.
  expect([...ends]).toEqual(expect.arrayContaining(['delivered', 'under way']))
})

test('a settled notification only ever gets better', () => {
  fc.assert(
    fc.property(model, fc.array(fc.nat(1000), { minLength: 30, maxLength: 80, size: 'max' }), (walked, choices) => {
      const outcomes = walk(walked, choices).flatMap(({ outcome }) => outcome ?? [])
      for (const [index, outcome] of outcomes.entries()) {
        const before = outcomes[index - 1] ?? outcome
        expect(outcome.failedRequired.length).toBeLessThanOrEqual(before.failedRequired.length)
        if (before.status === 'delivered') expect(outcome).toMatchObject({ status: 'delivered', by: before.by })
        if (before.duplicateDelivery) expect(outcome.duplicateDelivery).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})
