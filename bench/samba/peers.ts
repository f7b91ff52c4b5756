// The parsers that one would take instead, each as its documentation shows it, and what reads their records.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { JSONParser } from '@streamparser/json'
import { parse as parseNdjson } from 'it-ndjson'
import { Parser as SequenceParser } from 'json-text-sequence'
import JsonParse from 'jsonparse'
import split2 from 'split2'
import streamValues from 'stream-json/streamers/stream-values.js'
import { z } from 'zod'
import type { Framing, Input, SambaRecord } from './records.ts'

/** Reads a stream to its end and gives the number of its records. */
export type Reading = (input: Input) => Promise<number>

/** A parser beside ours, and the framings that it knows. */
export interface Peer {
  readonly name: string
  readonly framings: readonly Framing[]
  readonly read: Reading
}

/** Chunks as they come from a socket: each is waited for. */
export async function* arriving({ chunks }: Input): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const readable = ({ chunks }: Input) => Readable.from(chunks)

/** Takes each record of an iterable, as one who uses them would. */
export async function eachOf(records: AsyncIterable<SambaRecord>): Promise<number> {
  let count = 0
  let latest = 0
  for await (const { smsEvent } of records) {
    count++
    latest = Math.max(latest, smsEvent.date)
  }
  if (latest === 0) throw new Error('the records have no dates')
  return count
}

// What the documentation of Samba promises, in zod, without the normalising that ours does.
const id = z.string().min(1)
const ref = z.object({ id, name: z.string() })
const sendDate = z.int()
const recordSchema = z.object({
  smsEvent: z.object({ trackpoint: z.int(), userId: id, status: id, date: z.int() }),
  source: z.discriminatedUnion('type', [
    z.object({ type: z.literal('one-off'), campaign: ref, sendDate }),
    z.object({ type: z.literal('flow'), campaign: ref, node: ref, sendDate }),
  ]),
})
const checked = (record: unknown): SambaRecord => recordSchema.parse(record)

/** For RFC 7464, split at the separators: before the first there is nothing. */
const unlessEmpty = (read: (text: string) => unknown) => (text: string) => (text === '' ? undefined : read(text))
const parseAndCheck = (text: string) => checked(JSON.parse(text))

function withStreamparser(input: Input, take: (record: SambaRecord) => void): void {
  const parser = new JSONParser({ paths: ['$'], separator: '' })
  parser.onValue = ({ value }) => take(value as unknown as SambaRecord)
  for (const chunk of input.chunks) parser.write(chunk)
}

function withJsonParse(input: Input, take: (record: SambaRecord) => void): void {
  const parser = new JsonParse()
  parser.onValue = function (value) {
    if (this.stack.length === 0) take(value as SambaRecord)
  }
  for (const chunk of input.chunks) parser.write(chunk)
}

/** For parsers that call back instead of being iterated: nothing is awaited, which is in their favour. */
const calledBack =
  (parse: (input: Input, take: (record: SambaRecord) => void) => void): Reading =>
  async (input) => {
    let count = 0
    let latest = 0
    parse(input, ({ smsEvent }) => {
      count++
      latest = Math.max(latest, smsEvent.date)
    })
    if (latest === 0) throw new Error('the records have no dates')
    return count
  }

async function* linesOf(input: Input, textOf: (line: string) => string): AsyncGenerator<SambaRecord> {
  for await (const line of createInterface({ input: readable(input) })) yield JSON.parse(textOf(line))
}

async function* valuesOf(input: Input): AsyncGenerator<SambaRecord> {
  for await (const { value } of readable(input).pipe(streamValues.withParserAsStream())) yield value
}

/** All of them. */
export const peers: readonly Peer[] = [
  { name: 'it-ndjson', framings: ['ndjson'], read: (input) => eachOf(parseNdjson(arriving(input))) },
  { name: 'split2', framings: ['ndjson'], read: (input) => eachOf(readable(input).pipe(split2(JSON.parse))) },
  {
    name: 'split2',
    framings: ['rfc7464'],
    read: (input) => eachOf(readable(input).pipe(split2('\x1e', unlessEmpty(JSON.parse)))),
  },
  { name: 'readline', framings: ['ndjson'], read: (input) => eachOf(linesOf(input, (line) => line)) },
  { name: 'readline', framings: ['rfc7464'], read: (input) => eachOf(linesOf(input, (line) => line.slice(1))) },
  { name: 'json-text-sequence', framings: ['rfc7464'], read: (input) => eachOf(readable(input).pipe(new SequenceParser())) },
  { name: 'jsonparse', framings: ['ndjson', 'pretty'], read: calledBack(withJsonParse) },
  { name: '@streamparser/json', framings: ['ndjson', 'pretty'], read: calledBack(withStreamparser) },
  { name: 'stream-json', framings: ['ndjson', 'pretty'], read: (input) => eachOf(valuesOf(input)) },
  {
    name: 'split2 + zod 4',
    framings: ['ndjson'],
    read: (input) => eachOf(readable(input).pipe(split2(parseAndCheck))),
  },
  {
    name: 'split2 + zod 4',
    framings: ['rfc7464'],
    read: (input) => eachOf(readable(input).pipe(split2('\x1e', unlessEmpty(parseAndCheck)))),
  },
  {
    name: '@streamparser/json + zod 4',
    framings: ['pretty'],
    read: calledBack((input, take) => withStreamparser(input, (record) => take(checked(record)))),
  },
]
