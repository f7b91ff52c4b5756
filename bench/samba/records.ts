// What is parsed: records of about 280 bytes, as Samba documents them, in each of the framings.

/** What every contender gives, whether or not it has looked at it. */
export interface SambaRecord {
  readonly smsEvent: { readonly date: number }
}

/** A stream in one framing. */
export interface Input {
  readonly framing: Framing
  /** No two campaigns have the same name: there is next to nothing that one could remember of them. */
  readonly unlike: boolean
  readonly name: string
  /** What 64 KB reads of it give. */
  readonly chunks: readonly Uint8Array[]
  /** The records' own texts, for the limit: nothing is left to be done but to parse them. */
  readonly texts: readonly string[]
  readonly bytes: number
}

/** How records are framed. */
export const framings = {
  ndjson: { name: 'NDJSON', textOf: (record: unknown) => JSON.stringify(record), before: '', after: '\n' },
  pretty: {
    name: 'pretty-printed, concatenated',
    textOf: (record: unknown) => JSON.stringify(record, null, 2),
    before: '',
    after: '\n',
  },
  rfc7464: { name: 'RFC 7464', textOf: (record: unknown) => JSON.stringify(record), before: '\x1e', after: '\n' },
} as const

/** A framing. */
export type Framing = keyof typeof framings

/** A stream of about so many bytes. */
export function inputOf(framing: Framing, bytes: number, { unlike = false } = {}): Input {
  const { name, textOf, before, after } = framings[framing]
  const texts: string[] = []
  for (let length = 0; length < bytes; ) {
    const text = textOf(recordOf(texts.length, unlike ? ` ${texts.length}` : ''))
    texts.push(text)
    length += text.length + before.length + after.length
  }
  const all = Buffer.from(texts.map((text) => before + text + after).join(''))
  return { framing, unlike, name: unlike ? `${name}, no two names alike` : name, chunks: chunksOf(all), texts, bytes: all.length }
}

const chunkSize = 1 << 16

function chunksOf(all: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(all.length / chunkSize) }, (_, at) => all.slice(at * chunkSize, (at + 1) * chunkSize))
}

const statuses = ['DELIVERED', 'ACCEPTED', 'UNDELIVERABLE', 'SKIPPED']

/** The two records of Samba's documentation in turn, with ids, statuses and times of their own. */
function recordOf(at: number, suffix: string) {
  const date = 1_673_763_160_310 + at * 977
  const smsEvent = {
    trackpoint: 4_541_245_641_234_564,
    userId: String(123_456 + ((at * 7919) % 800_000)),
    status: statuses[at % statuses.length],
    date,
  }
  if (at % 2 === 0) {
    const campaign = { id: 'b2c8c642-ad39-11ed-afa1-0242ac120002', name: `Black Friday${suffix}` }
    return { smsEvent, source: { type: 'one-off', campaign, sendDate: date - 300 } }
  }
  const campaign = { id: 'cd434c68-ad39-11ed-afa1-0242ac120002', name: `Retention${suffix}` }
  const node = { id: '32411fb4-ad3a-11ed-afa1-0242ac120002', name: 'Retention VIP SMS' }
  return { smsEvent, source: { type: 'flow', campaign, node, sendDate: date - 300 } }
}
