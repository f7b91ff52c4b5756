import fc from 'fast-check'
import type { NotificationRecord, TimelineEntry } from 'omnicascade'
import { timelineSvg } from 'omnicascade/pictures'
import { describe, expect, test, vi } from 'vitest'
import { tellAll } from '../../examples/pictures/stories.ts'
import { type Model, walk } from '../support/model.ts'
import { elementsOf, parseXml, textOf, type XmlElement } from '../support/xml.ts'

vi.setConfig({ testTimeout: 60_000 })

/** The picture, read; it must be one that any program draws: well-formed, and every number a number. */
function drawn(record: NotificationRecord, ...options: [Parameters<typeof timelineSvg>[1]?]): XmlElement {
  const svg = timelineSvg(record, ...options)
  const root = parseXml(svg)
  for (const { name, attributes } of elementsOf(root)) {
    expect(['svg', 'title', 'desc', 'style', 'g', 'rect', 'circle', 'line', 'path', 'text']).toContain(name)
    for (const [key, value] of Object.entries(attributes)) {
      if (['x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'r', 'rx'].includes(key)) expect(value).toMatch(/^-?\d+(\.\d)?$/)
      if (key === 'd') expect(value).toMatch(/^[MLVHQZmlhz\d .-]+$/)
      if (key === 'transform') expect(value).toMatch(/^translate\(-?\d+(\.\d)? -?\d+(\.\d)?\)$/)
      if (key === 'width' || key === 'height') expect(Number(value)).toBeGreaterThanOrEqual(0)
    }
  }
  return root
}

/** Where texts stand: those with these words. */
function texts(root: XmlElement): string[] {
  return elementsOf(root).flatMap((element) => (element.name === 'text' ? [textOf(element)] : []))
}

describe('a picture of a cascade', async () => {
  const { fallback, night, duplicate } = await tellAll()

  test('says in words what it shows: outcome, steps, why each ended, and when', () => {
    expect(texts(drawn(fallback))).toEqual(
      expect.arrayContaining([
        'delivered by email',
        '2026-06-03, UTC · settled after 1 m 04 s',
        'telegram',
        'failed: Forbidden: bot was blocked by the user (recipient, 403)',
        'sms',
        'sendios',
        'sendios reported failed (sms_lost)',
        'email',
        'smtp',
        'succeeded',
        '+292 ms',
        '07:01:04',
      ]),
    )
  })

  test('gives its clock times in the zone that is asked for', () => {
    expect(texts(drawn(fallback, { timeZone: 'Europe/Prague' }))).toContain('09:01:04')
    expect(() => timelineSvg(fallback, { timeZone: 'Mars/Olympus' })).toThrow(/timeZone: is not an IANA time zone/)
    const theme = '</style><script>' as 'dark'
    expect(() => timelineSvg(fallback, { theme })).toThrow('the picture: theme: is none of auto, light, dark')
  })

  test('can be read out: it has a title, and the whole timeline as its description', () => {
    const { attributes, children } = drawn(fallback)
    expect(attributes).toMatchObject({ role: 'img', 'aria-label': `${fallback.id}: delivered by email` })
    const [title, description] = children.map((child) => (typeof child === 'string' ? child : textOf(child)))
    expect(title).toBe(`${fallback.id}: delivered by email`)
    expect(description).toContain('sms       sendios reported failed (sms_lost)')
  })

  test('shows no address', () => {
    expect(timelineSvg(fallback)).not.toMatch(/777123456|ada@example/)
  })

  test('says that it is not to scale where it is not', () => {
    const note = 'Long stretches are drawn shorter than they were.'
    expect(texts(drawn(night))).toContain(note)
    const [first, second] = night.timeline
    expect(texts(drawn({ ...night, timeline: [first!, { ...second!, at: first!.at + 5000 }] }))).not.toContain(note)
  })

  test('names quiet hours, and a message that came twice', () => {
    expect(texts(drawn(night))).toContain('quiet hours')
    expect(texts(drawn(duplicate)).join()).toContain('delivered more than once')
  })

  test('is light, dark, or as the reader’s system is', () => {
    expect(timelineSvg(fallback)).toMatch(/<style>@media\(prefers-color-scheme:dark\)\{/)
    expect(timelineSvg(fallback, { theme: 'dark' })).toMatch(/<style>\.omnicascade-dark /)
    expect(timelineSvg(fallback, { theme: 'light' })).not.toContain('<style>')
  })

  test('has neither scripts, links nor ids, so that any number of them may stand in one page', () => {
    expect(timelineSvg(fallback)).not.toMatch(/<script|href|\bid=|\bon\w+=|url\(|@import/)
  })

  test('is the same each time', () => {
    expect(timelineSvg(fallback)).toBe(timelineSvg(structuredClone(fallback)))
  })
})

const model: fc.Arbitrary<Model> = fc.record(
  {
    cascade: fc.constantFrom(
      ['sms', 'email', 'telegram'],
      [{ channel: 'sms', window: { from: '00:01', to: '00:03' } }, { channel: 'email', required: true }, 'push', 'viber'],
      [
        { channel: 'sms', onUnknown: 'resend' },
        { channel: 'email', until: 'read' },
      ],
    ) as fc.Arbitrary<Model['cascade']>,
    receipts: fc.constantFrom(['full', 'full', 'none', 'failures'], ['failures', 'none', 'full', 'full']) as fc.Arbitrary<
      Model['receipts']
    >,
    idempotent: fc.boolean(),
    kinds: fc.constant(['transient', 'recipient', 'content', 'configuration', 'unknown'] as const),
    statuses: fc.constant(['sent', 'delivered', 'read', 'failed', 'expired'] as const),
    sendAt: fc.constantFrom(0, 45_000),
    expiresAt: fc.constantFrom(100_000, 3_600_000),
    providers: fc.constantFrom(1, 2),
    tries: fc.constantFrom(1, 3),
    late: fc.constantFrom(0, 150_000),
  },
  { requiredKeys: ['cascade', 'receipts', 'kinds', 'statuses'] },
)

test('whatever the machine makes of a notification can be drawn', () => {
  fc.assert(
    fc.property(model, fc.array(fc.nat(1000), { minLength: 5, maxLength: 60, size: 'max' }), (walked, choices) => {
      for (const record of walk(walked, choices).slice(-2)) drawn(record)
    }),
    { numRuns: 200 },
  )
})

test('whatever vendors, apps and clocks wrote can be drawn, and stays text', async () => {
  const { fallback } = await tellAll()
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      '</text><script>alert(1)</script>',
      '" onload="alert(1)',
      '<![CDATA[',
      '&lt;',
      '\ud800',
      '\ufffe',
      '\u202e',
      'call',
      '漢字'.repeat(90),
    ),
  )
  fc.assert(
    fc.property(
      hostile,
      hostile,
      fc.array(fc.integer({ min: -5000, max: 4e8 }), { minLength: 20, maxLength: 20 }),
      (id, said, skews) => {
        const timeline = fallback.timeline.map((entry, index): TimelineEntry => {
          const at = entry.at + skews[index]!
          if (entry.type === 'attempt.failed') return { ...entry, at, failure: { kind: 'content', message: said } }
          return entry.type === 'attempt.receipt' ? { ...entry, at, raw: said, reason: id } : { ...entry, at }
        })
        drawn({ ...fallback, id, timeline })
      },
    ),
  )
})

test('a record without steps or timeline, or of a newer version, can be drawn as well', async () => {
  const { fallback } = await tellAll()
  drawn({ ...fallback, timeline: [], steps: [] })
  drawn({ ...fallback, timeline: [], outcome: null, settledAt: null })
  const unknown = { type: 'step.teleported', at: fallback.createdAt, step: 1, channel: 'sms' } as unknown as TimelineEntry
  expect(texts(drawn({ ...fallback, timeline: [unknown] }))).toContain('step.teleported')
})
