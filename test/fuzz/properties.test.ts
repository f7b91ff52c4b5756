import fc from 'fast-check'
import { createNotifier, formatTimeline, type NotificationRecord } from 'omnicascade'
import { accept, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { millisecondsOf } from '../../src/contract/duration.ts'
import type { Receipt } from '../../src/contract/receipt.ts'
import { jsonFault, parseJsonExactly } from '../../src/webhooks/json.ts'
import { e164Of } from '../../src/wire/phone.ts'
import { feed } from './fuzz.ts'
import { checkReceipt } from './promises.ts'
import { seed } from './support.ts'
import type { Target } from './target.ts'
import { webhookTargets } from './targets/webhooks.ts'

const runs = { seed, numRuns: 60 }
const json = webhookTargets.filter(({ form }) => form === 'json')
const forms = webhookTargets.filter(({ form }) => form === 'form')

async function holds(target: Target, text: string): Promise<void> {
  const outcome = await feed(target, Buffer.from(text))
  if ('problem' in outcome) throw new Error(outcome.problem)
}

/** The keys that a vendor's payloads have anywhere, so that arbitrary values come where they are looked for. */
function keysOf(corpus: readonly string[]): string[] {
  return [...new Set(corpus.flatMap((text) => [...text.matchAll(/"([^"\\]+)"\s*:/g)].map(([, key]) => key!)))]
}

describe('structures of arbitrary values under the keys of a vendor', () => {
  test.each(json.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const key = fc.constantFrom(...keysOf(target.corpus), '__proto__', 'constructor')
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.integer(),
        fc.constantFrom(null, true, 'delivered', 1_700_000_000),
      ),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 8 }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, (value) => holds(target, JSON.stringify(value) ?? 'null')),
      runs,
    )
  })

  test.each(forms.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const names = [...new Set(target.corpus.flatMap((text) => [...new URLSearchParams(text).keys()]))]
    const fields = fc.array(
      fc.tuple(fc.constantFrom(...names), fc.oneof(fc.string({ unit: 'binary' }), fc.integer().map(String))),
      {
        maxLength: 10,
      },
    )
    await fc.assert(
      fc.asyncProperty(fields, (pairs) => holds(target, new URLSearchParams(pairs).toString())),
      runs,
    )
  })
})

describe('readers agree with what they stand in for', () => {
  const nearlyJson = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '\\', '{', ']', ',', '0', '-', '.', 'e', ' ', '\u0001', '\ud800'))
    .map(([text, at, other]) => text.slice(0, at % (text.length + 1)) + other + text.slice((at % (text.length + 1)) + 1))

  test('jsonFault with JSON.parse', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), nearlyJson), (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text))
      }),
      { seed, numRuns: 2000 },
    )
  })

  test('parseJsonExactly, which keeps the digits of integers that a number cannot hold', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        const { id } = parseJsonExactly('fuzz', `{"id":${integer}}`) as { readonly id: unknown }
        expect(String(id)).toBe(String(integer))
      }),
      { seed, numRuns: 500 },
    )
  })

  test('durations with what they are written from', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])), (amount, unit) => {
        expect(millisecondsOf(`${amount}${unit}`)).toBe(amount * units[unit])
      }),
      { seed, numRuns: 500 },
    )
  })

  test('phone numbers: digits get their +, and nothing else changes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,18}$/)), (text) => {
        expect(e164Of(text)).toBe(/^\d{6,15}$/.test(text) ? `+${text}` : text)
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('whatever a vendor reports', () => {
  const word = fc.string({ unit: 'binary' })
  const receipt: fc.Arbitrary<Receipt> = fc.record(
    {
      provider: fc.constant('sms'),
      keys: fc.constant(['k1']),
      status: fc.constantFrom('sent', 'delivered', 'read', 'clicked', 'failed', 'expired'),
      at: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      raw: word,
      reason: word,
      link: fc.oneof(word, fc.webUrl()),
    },
    { requiredKeys: ['provider', 'keys', 'status', 'at'] },
  )

  test('is printed, each entry on a line of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(receipt, { maxLength: 5 }), async (receipts) => {
        for (const one of receipts) checkReceipt(one, 'sms')
        const record = await withTimeline(receipts)
        const lines = formatTimeline(record).split('\n')
        expect(lines).toHaveLength(record.timeline.length + 1)
        expect(formatTimeline(record, { format: 'mermaid' })).toMatch(/^sequenceDiagram/)
      }),
      runs,
    )
  })
})

/** The record of a notification whose attempt has had these receipts. */
async function withTimeline(receipts: readonly Receipt[]): Promise<NotificationRecord> {
  const sms = scriptedProvider({ name: 'sms', channels: ['sms'], receipts: 'full', replies: [accept({ messageId: 'k1' })] })
  const notifier = createNotifier({ providers: [sms], clock: virtualClock(1_700_000_000_000), scheduler: 'manual' })
  const { id } = await notifier.send({ to: { phone: '+420777123456' }, cascade: ['sms'], content: { sms: { text: 'Hi' } } })
  await notifier.idle()
  await notifier.ingest(receipts)
  const record = (await notifier.get(id))!
  await notifier.close()
  return record
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
