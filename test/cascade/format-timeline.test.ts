import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatTimeline } from '../../src/cascade/format-timeline.ts'
import type { TimelineEntry } from '../../src/contract/events.ts'
import type { NotificationRecord, Outcome, StepRecord } from '../../src/contract/record.ts'

const start = Date.UTC(2026, 10, 25, 9)

function step(channel: StepRecord['channel'], required = false): StepRecord {
  return {
    channel,
    delegated: null,
    through: null,
    required,
    until: 'delivered',
    within: 90_000,
    window: null,
    onUnknown: 'advance',
    state: 'pending',
    reason: null,
    dueAt: null,
    excluded: [],
    holds: 0,
    endedAt: null,
    attempts: [],
  }
}

function record(timeline: readonly TimelineEntry[], more: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    id: 'order-1',
    version: 1,
    createdAt: start,
    to: { telegram: 42, phone: '+420777123456', email: 'ada@example.org' },
    message: { content: {} },
    sendAt: start,
    expiresAt: null,
    timeZone: 'UTC',
    retry: { attempts: 3, baseDelay: 1000, maxDelay: 60_000 },
    metadata: null,
    idempotencyKey: null,
    fingerprint: null,
    steps: [step('telegram'), step('sms'), step('email')],
    cancelRequestedAt: null,
    settledAt: null,
    outcome: null,
    dueAt: start,
    timeline,
    ...more,
  }
}

function outcome(by: Outcome['by'], assumed = false): Outcome {
  return { status: 'delivered', by, step: null, assumed, duplicateDelivery: false, failedRequired: [], reason: null, steps: [] }
}

const telegram = { step: 0, channel: 'telegram', attempt: 0, provider: 'telegram' } as const
const sms = { step: 1, channel: 'sms', attempt: 0, provider: 'sendios' } as const
const email = { step: 2, channel: 'email', attempt: 0, provider: 'smtp' } as const
const blocked = { kind: 'recipient', message: 'bot was blocked by the user', code: '403' } as const

const cascade: readonly TimelineEntry[] = [
  { type: 'notification.created', at: start, sendAt: start },
  { type: 'attempt.started', at: start, ...telegram },
  { type: 'attempt.failed', at: start + 132, ...telegram, failure: blocked, retryAt: null },
  { type: 'step.failed', at: start + 132, step: 0, channel: 'telegram', reason: 'recipient', failure: blocked },
  { type: 'attempt.started', at: start + 140, ...sms },
  { type: 'attempt.accepted', at: start + 300, ...sms, messageId: '123' },
  { type: 'attempt.receipt', at: start + 90_000, ...sms, status: 'failed', occurredAt: start + 89_000, raw: 'sms_lost' },
  { type: 'step.failed', at: start + 90_000, step: 1, channel: 'sms', reason: 'undelivered' },
  { type: 'attempt.started', at: start + 90_000, ...email },
  { type: 'attempt.accepted', at: start + 90_400, ...email, messageId: null },
  { type: 'step.succeeded', at: start + 90_400, step: 2, channel: 'email', assumed: false, late: false },
  { type: 'notification.settled', at: start + 90_400, status: 'delivered', by: 'email' },
]

test('a cascade reads from top to bottom, one aligned line for each entry', () => {
  expect(formatTimeline(record(cascade, { outcome: outcome('email') }), { timeZone: 'Europe/Prague' }).split('\n')).toEqual([
    'order-1: delivered by email (2026-11-25, Europe/Prague)',
    '+0.0s   10:00:00            created',
    '+0.0s   10:00:00  telegram  sending',
    '+0.1s   10:00:00  telegram  failed: bot was blocked by the user (recipient, 403)',
    '+0.1s   10:00:00  telegram  gave up: the address is at fault → sms',
    '+0.1s   10:00:00  sms       sending by sendios',
    '+0.3s   10:00:00  sms       accepted by sendios as 123',
    '+1m30s  10:01:30  sms       sendios reported failed (sms_lost)',
    '+1m30s  10:01:30  sms       gave up: it was not delivered → email',
    '+1m30s  10:01:30  email     sending by smtp',
    '+1m30s  10:01:30  email     accepted by smtp',
    '+1m30s  10:01:30  email     succeeded',
    '+1m30s  10:01:30            settled: delivered by email',
  ])
})

test('the same cascade as a Mermaid sequence diagram, one participant for each channel and provider', () => {
  expect(formatTimeline(record(cascade, { outcome: outcome('email') }), { format: 'mermaid' }).split('\n')).toEqual([
    'sequenceDiagram',
    '  title order-1: delivered by email',
    '  participant app',
    '  participant p0 as telegram',
    '  participant p1 as sms by sendios',
    '  participant p2 as email by smtp',
    '  Note over app: +0.0s created',
    '  app->>p0: +0.0s sending',
    '  p0--xapp: +0.1s failed: bot was blocked by the user (recipient, 403)',
    '  Note over app: +0.1s telegram gave up: the address is at fault → sms',
    '  app->>p1: +0.1s sending by sendios',
    '  p1-->>app: +0.3s accepted by sendios as 123',
    '  p1--xapp: +1m30s sendios reported failed (sms_lost)',
    '  Note over app: +1m30s sms gave up: it was not delivered → email',
    '  app->>p2: +1m30s sending by smtp',
    '  p2-->>app: +1m30s accepted by smtp',
    '  Note over app: +1m30s email succeeded',
    '  Note over app: +1m30s settled: delivered by email',
  ])
})

const at = start
const day = 86_400_000
const sentences: readonly (readonly [TimelineEntry, string])[] = [
  [{ type: 'notification.created', at, sendAt: start + 3_600_000 }, '  created, to be sent at 10:00:00'],
  [{ type: 'notification.created', at, sendAt: start + day }, '  created, to be sent at 2026-11-26 09:00:00'],
  [{ type: 'notification.cancel-requested', at, answer: 'too-late' }, '  cancel: too late'],
  [{ type: 'notification.cancel-requested', at, answer: 'already-settled' }, '  cancel: already settled'],
  [{ type: 'notification.settled', at, status: 'expired', by: null }, '  settled: expired'],
  [{ type: 'notification.corrected', at, status: 'delivered', by: 'sms' }, '  corrected by a late receipt: delivered by sms'],
  [{ type: 'notification.duplicate-delivery', at, channels: ['sms', 'email'] }, '  delivered more than once: sms, email'],
  [
    { type: 'step.held', at, step: 1, channel: 'sms', until: start + 60_000, reason: 'window' },
    'sms  waits until 09:01:00: quiet hours',
  ],
  [
    { type: 'step.held', at, step: 1, channel: 'sms', until: start + 60_000, reason: 'no-provider' },
    'sms  waits until 09:01:00: no provider',
  ],
  [{ type: 'step.skipped', at, step: 1, channel: 'sms', reason: 'no-address' }, 'sms  skipped: no address'],
  [
    { type: 'step.skipped', at, step: 1, channel: 'sms', reason: 'vetoed: a no-show asked us to stop' },
    'sms  skipped: vetoed: a no-show asked us to stop',
  ],
  ...(
    [
      ['delivered', 'another channel delivered'],
      ['unknown', 'nobody saw the result'],
      ['content', 'the message is at fault'],
      ['configuration', 'the account is at fault'],
      ['transient', 'every try failed'],
      ['expired', 'expired'],
    ] as const
  ).map(([reason, words]) => [{ type: 'step.failed', at, step: 1, channel: 'sms', reason }, `sms  gave up: ${words}`] as const),
  ...(
    [
      ['template', 'the template is not registered'],
      ['hook', 'a hook failed'],
      ['host', 'the app has put it off'],
      ['rate', 'too many wait for its provider'],
    ] as const
  ).map(
    ([reason, words]) =>
      [{ type: 'step.held', at, step: 1, channel: 'sms', until: at, reason }, `sms  waits until 09:00:00: ${words}`] as const,
  ),
  [
    { type: 'step.succeeded', at, step: 1, channel: 'sms', assumed: true, late: true },
    'sms  succeeded, nobody having said otherwise, late',
  ],
  [
    { type: 'step.failed', at, step: 1, channel: 'sms', reason: 'content', failure: { kind: 'content', message: 'too long' } },
    'sms  gave up: too long (content)',
  ],
  [{ type: 'step.timed-out', at, step: 1, channel: 'sms' }, 'sms  no receipt came in time'],
  [{ type: 'step.superseded', at, step: 1, channel: 'sms' }, 'sms  sent, but another channel delivered'],
  [{ type: 'step.recalled', at, step: 1, channel: 'sms' }, 'sms  called back'],
  [
    { type: 'attempt.failed', at, ...sms, failure: { kind: 'transient', message: 'busy' }, retryAt: start + 2000 },
    'sms  sendios failed: busy (transient), again at 09:00:02',
  ],
  [
    {
      type: 'attempt.receipt',
      at,
      ...sms,
      status: 'clicked',
      occurredAt: start,
      raw: 'sms_click',
      link: 'https://example.org/o',
    },
    'sms  sendios reported clicked (sms_click, example.org/o)',
  ],
  [{ type: 'attempt.receipt', at, ...sms, status: 'delivered', occurredAt: start }, 'sms  sendios reported delivered'],
  [{ type: 'attempt.contradicted', at, ...sms, status: 'failed' }, 'sms  sendios now reports failed; nothing is changed'],
]

test.for(sentences)('%o reads as a plain sentence', ([entry, line]) => {
  expect(formatTimeline(record([entry])).split('\n')).toEqual([
    'order-1: under way (2026-11-25, UTC)',
    `+0.0s  09:00:00  ${line}`,
  ])
})

test.each([
  ['https://ada:S3CRET@example.org:8080/o/1?token=S3CRET#S3CRET', 'example.org:8080/o/1'],
  ['example.com', 'example.com'],
  ['example.com:8080/o?S3CRET', 'example.com:8080/o'],
  ['//example.com/#S3CRET', 'example.com/'],
  ['mailto:ada@example.com?S3CRET', 'example.com'],
  ['s3://bucket/key', 'bucket/key'],
  ['example.com/o?to=https://example.org/S3CRET', 'example.com/o'],
])('of the clicked link %s its host and path are shown, and nothing that opens doors', (link, shown) => {
  const clicked = { type: 'attempt.receipt', at, ...sms, status: 'clicked', occurredAt: start, link } as const
  expect(formatTimeline(record([clicked]))).toMatch(new RegExp(`clicked \\(${shown}\\)$`))
})

test('an arrow points only at a channel that was really tried instead, never from or to a required step', () => {
  const timedOut = { type: 'step.timed-out', at, step: 0, channel: 'telegram' } as const
  const started = { type: 'attempt.started', at, ...sms } as const
  const vetoed = { type: 'step.skipped', at, step: 1, channel: 'sms', reason: 'vetoed: no' } as const
  const before = { type: 'attempt.started', at, ...telegram } as const
  const after = { type: 'attempt.started', at, ...email } as const
  expect(formatTimeline(record([before, timedOut, vetoed, after])).split('\n')[2]).toMatch(/no receipt came in time → email$/)
  expect(formatTimeline(record([timedOut], { steps: [step('telegram', true)] }))).toMatch(/no receipt came in time$/)
  const arrow = (steps: readonly StepRecord[], timeline: readonly TimelineEntry[]) =>
    formatTimeline(record(timeline, { steps })).includes('→ sms')
  expect(arrow([step('telegram'), step('sms')], [timedOut, started])).toBe(true)
  expect(arrow([step('telegram'), step('sms')], [timedOut])).toBe(false)
  expect(arrow([step('telegram', true), step('sms')], [timedOut, started])).toBe(false)
  expect(arrow([step('telegram'), step('sms', true)], [timedOut, started])).toBe(false)
})

test.for([
  [0, '+0.0s'],
  [59_999, '+59.9s'],
  [60_000, '+1m00s'],
  [3_599_999, '+59m59s'],
  [3_600_000, '+1h00m'],
  [day - 1, '+23h59m'],
  [3 * day + 4 * 3_600_000, '+76h00m'],
  [-5, '+0.0s'],
] as const)('%d ms after creation is written %s', ([after, written]) => {
  const line = formatTimeline(record([{ type: 'step.recalled', at: start + after, step: 1, channel: 'sms' }])).split('\n')[1]
  expect(line?.startsWith(`${written}  `)).toBe(true)
})

test('an assumed delivery is marked in the header, and an empty timeline is a header alone', () => {
  expect(formatTimeline(record([], { outcome: outcome('sms', true) }))).toBe(
    'order-1: delivered by sms (assumed) (2026-11-25, UTC)',
  )
})

test('no address of the recipient is shown', () => {
  expect(formatTimeline(record(cascade))).not.toMatch(/777123456|ada@example/)
})

test('a step that a vendor tries by itself is named by all its channels', () => {
  const twin = { ...step('telegram'), delegated: ['telegram', 'sms'] as const }
  expect(formatTimeline(record([{ type: 'attempt.started', at, ...telegram }], { steps: [twin] }))).toMatch(
    / {2}telegram\/sms {2}sending$/,
  )
})

test('line breaks become one space, and what Mermaid would read its code', () => {
  const wrote = { type: 'step.skipped', at, step: 0, channel: 'telegram', reason: 'vetoed: a\r\nb; #1' } as const
  expect(formatTimeline(record([wrote]))).toMatch(/vetoed: a b; #1$/)
  expect(formatTimeline(record([wrote]), { format: 'mermaid' })).toMatch(/vetoed: a b#59; #35;1$/)
})

test('a time zone that does not exist is named', () => {
  expect(() => formatTimeline(record([]), { timeZone: 'Mars/Olympus' })).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      message: expect.stringMatching(/^formatTimeline.*timeZone: is not an IANA time zone/s),
    }),
  )
})

test('an entry of a type that only a newer version knows is named rather than lost', () => {
  const entry = { type: 'step.teleported', at: start, step: 0, channel: 'sms' } as unknown as TimelineEntry
  expect(formatTimeline(record([entry]))).toContain('sms  step.teleported')
})

// Mermaid's own grammar, as far as this diagram uses it: free text ends at a line break, `;` or `#`, entity codes aside. Quotes,
// brackets, `%%{`, `$$`, `@{` and a colon without a space have meanings of their own in some place of it.
const text = String.raw`(?:[\p{L}\p{M}\p{N} .,()\/+\-_'!?→]|: |#\d+;)*`
const diagramLine = new RegExp(
  `^  (?:title ${text}|participant app|participant p\\d+ as ${text}|Note over app: ${text}|app->>p\\d+: ${text}|p\\d+(?:-->>|--x)app: ${text})$`,
  'u',
)
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20, size: 'max' }),
  fc
    .array(
      fc.constantFrom(
        ...'\r \n \u2028 \u2029 \u0085 \u001b[31m ; # #quot; #59; " %%{init:{}}%% %% end style:x#y; wrap: $$ <br/> ` \\ @{ } : :: ->> p0-->>app:x \ud800 \u202e'.split(
          ' ',
        ),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
)

test('whatever vendors and apps write, a line stays a line and the diagram keeps its grammar', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (id, provider, message, word) => {
      const by = { ...sms, provider }
      const failure = { kind: 'content', message, code: word } as const
      const hurt = record(
        [
          { type: 'step.skipped', at, step: 0, channel: 'telegram', reason: `vetoed: ${word}` },
          { type: 'attempt.started', at, ...by },
          { type: 'attempt.failed', at, ...by, failure, retryAt: start },
          { type: 'attempt.accepted', at, ...by, messageId: message },
          { type: 'attempt.receipt', at, ...by, status: 'failed', occurredAt: start, raw: word, reason: message, link: word },
          { type: 'step.failed', at, step: 1, channel: 'sms', reason: 'content', failure },
        ],
        { id },
      )
      const written = formatTimeline(hurt)
      expect(written.split(/\r\n|[\n\r\u2028\u2029\u0085]/u)).toHaveLength(7)
      expect(written.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
      const [first, ...lines] = formatTimeline(hurt, { format: 'mermaid' }).split('\n')
      expect(first).toBe('sequenceDiagram')
      expect(lines).toHaveLength(9)
      for (const line of lines) expect(line).toMatch(diagramLine)
    }),
  )
})
