import fc from 'fast-check'

/** Text as it may stand in a campaign's name: whatever could be mistaken for a frame, and characters of every length in UTF-8. */
const name = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom(
        '}\n{',
        '}{',
        '{',
        '}',
        '[',
        ']',
        '"',
        '\\',
        '\u001e',
        '\r\n',
        '"trackpoint":1',
        '\\"',
        '🙂',
        'ě',
        '\ud800',
        '\udc00',
        '\uFEFF',
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''))

const id = name.filter((text) => text !== '')
const ref = fc.record({ id, name })
const time = fc.integer({ min: 0, max: 4102444800000 })
const digits = fc.oneof(fc.constant('4541245641234564'), fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String))

/** An event, and how it may be spelled. */
export const event = fc
  .record({
    trackpoint: digits,
    userId: fc.oneof(fc.constant('123456'), id),
    status: fc.constantFrom('DELIVERED', 'ACCEPTED', 'EXPIRED', 'DELETED', 'UNDELIVERABLE', 'REJECTED', 'SKIPPED', 'NEW'),
    date: time,
    sendDate: time,
    campaign: ref,
    node: fc.option(ref, { nil: undefined }),
  })
  .map(({ trackpoint, userId, status, date, sendDate, campaign, node }) => ({
    smsEvent: { trackpoint, userId, status, date },
    source: node ? { type: 'flow', campaign, node, sendDate } : { type: 'one-off', campaign, sendDate },
  }))

type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

/** The event as JSON, with its trackpoint as a number of all its digits. */
export function json({ smsEvent, source }: Event, indent?: number | string): string {
  return JSON.stringify({ smsEvent: { ...smsEvent, trackpoint: '@@' }, source }, null, indent).replace(
    '"@@"',
    smsEvent.trackpoint,
  )
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\n\n', ' \n', '\n \r\n\t\n', '\r')

/** The event with its inner objects at the beginning of lines, where records begin. */
const steep = (given: Event) =>
  `{"smsEvent":\n${json(given).slice('{"smsEvent":'.length, -JSON.stringify(given.source).length - ',"source":}'.length)},"source":\n${JSON.stringify(given.source)}\n}`

/** The event in one of the framings. */
export const framed = fc
  .tuple(event, lineEnd, fc.constantFrom('ndjson', 'rfc7464', 'pretty', 'flat', 'tabs', 'steep', 'bare', 'spaced'))
  .map(([given, end, framing]) => ({
    event: given,
    text: {
      ndjson: json(given) + end,
      rfc7464: `\u001e${json(given)}\n`,
      pretty: json(given, 2) + end,
      flat: json(given, 1).replace(/^ /gm, '') + end,
      tabs: json(given, '\t') + end,
      steep: steep(given) + end,
      bare: json(given),
      spaced: `${json(given)}  `,
    }[framing]!,
  }))

/** Something that is no event, on a line of its own, and how many errors it makes. */
export const bad = fc.tuple(event, fc.nat()).chain(([given, at]) => {
  const text = json(given)
  const cut = text.slice(0, 1 + (at % (text.length - 1)))
  return fc.constantFrom(
    { text: `${cut}\n`, errors: 1, code: 'samba-malformed-record' },
    { text: `\u001e${cut}\n`, errors: 1, code: 'samba-malformed-record' },
    { text: `${text.replace('"date":', '"date":x')}\n`, errors: 1, code: 'samba-malformed-record' },
    { text: `${text.replace('"smsEvent"', '"sms"')}\n`, errors: 1, code: 'samba-malformed-record' },
    { text: '{}\n', errors: 1, code: 'samba-malformed-record' },
    { text: 'null\n', errors: 1, code: 'samba-malformed-record' },
    { text: ',\n', errors: 1, code: 'samba-malformed-record' },
    { text: '}\n', errors: 1, code: 'samba-malformed-record' },
    { text: '<html>502\n</html>\n', errors: 2, code: 'samba-malformed-record' },
  )
})

/** The bytes, cut where `sizes` say, again and again. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    chunks.push(bytes.slice(at, at + size))
    at += size
  }
  return chunks
}

/** Sizes of chunks: a byte each, a few, or many. */
export const sizes = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2000 })), {
  minLength: 1,
  maxLength: 8,
})

const userId = fc.oneof(
  fc.integer({ min: 1, max: 999_999 }).map(String),
  fc.uuid(),
  fc.constantFrom('', 'a"b', 'a\\', 'ě', '🙂', 'x\u0001'),
)
const moment = fc.oneof(
  fc.integer({ min: 1_600_000_000_000, max: 1_700_000_000_000 }),
  fc.constantFrom(0, 7, 999_999_999_999, 1_000_000_000_000, 9_999_999_999_999, 10_000_000_000_000),
)

// Of few ids and without anything that is escaped: what there is in an export.
const plainRef = fc.record({ id: fc.constantFrom('1', 'b2c8c642-ad39'), name: fc.constantFrom('', 'Black Friday', '[ě] {x}:,') })
const plainEvent = fc.record({ campaign: plainRef, node: fc.option(plainRef, { nil: undefined }) }).map(({ campaign, node }) => ({
  smsEvent: { trackpoint: '4541245641234564', userId: '123456', status: 'DELIVERED' as const, date: 0 },
  source: node ? { type: 'flow', campaign, node, sendDate: 0 } : { type: 'one-off', campaign, sendDate: 0 },
}))

/** An event and others that differ from it in what differs within an export: to whom, what, when. */
export const alike = fc
  .tuple(
    fc.array(fc.oneof({ arbitrary: plainEvent, weight: 4 }, event), { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(2), userId, fc.constantFrom('DELIVERED', 'SKIPPED', 'UNDELIVERABLE', 'NEW'), moment, moment), {
      maxLength: 24,
    }),
  )
  .map(([bases, values]) =>
    values.map(([which, userId, status, date, sendDate]) => {
      const { smsEvent, source } = bases[which % bases.length]!
      return { smsEvent: { ...smsEvent, userId, status, date }, source: { ...source, sendDate } }
    }),
  )

/** Such events as one stream in one framing, a few of its bytes then replaced by others. */
export const alikeStream = fc
  .tuple(
    alike,
    fc.constantFrom(
      ['', undefined, '\n'],
      ['', undefined, '\r\n'],
      ['\u001e', undefined, '\n'],
      ['', 2, '\n'],
      ['', '\t', '\n\n'],
    ),
    fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:\\\n\r\u001e 0189e.-')))), {
      maxLength: 3,
    }),
  )
  .map(([events, [before, indent, after], changes]) => {
    const all = Buffer.from(events.map((one) => before + json(one, indent) + after).join(''))
    for (const [at, byte] of changes) if (all.length > 0) all[at % all.length] = byte
    return new Uint8Array(all)
  })
