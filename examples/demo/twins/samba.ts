import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Loopback, loopback, reply } from './loopback.ts'

/** How the twin behaves. */
export interface SambaTwinOptions {
  readonly trackpointId: string
  readonly apiKey: string
  /** How many events follow the two of the vendor's own sample, whatever period is asked for. */
  readonly generated?: number
  /** Instead of these: an event at each multiple of so many milliseconds within the period, newest first, as in the sample. */
  readonly every?: number
  /** Break the connection in the middle of the first export. */
  readonly breaksOnce?: boolean
}

/** `export-sms-events` of Samba: its documentation's own sample and then generated events, in all framings, cut anywhere. */
export function sambaTwin({
  trackpointId,
  apiKey,
  generated = 0,
  every,
  breaksOnce = false,
}: SambaTwinOptions): Promise<Loopback> {
  let breaksAt = breaksOnce ? Math.floor(generated / 2) : Number.POSITIVE_INFINITY
  return loopback(async ({ method, path, headers, body }, response) => {
    if (headers['x-api-key'] !== apiKey) return reply(response, 401, {})
    if (method !== 'POST' || path !== `/shop/${trackpointId}/export-sms-events`) return reply(response, 404, {})
    response.writeHead(200, { 'content-type': 'application/json-seq' })
    const until = breaksAt
    breaksAt = Number.POSITIVE_INFINITY
    const events = every === undefined ? records(trackpointId, generated, until) : period(trackpointId, every, body as Period)
    await pipeline(Readable.from(chunksOf(events)), response).catch(() => {})
  })
}

interface Period {
  readonly from: number
  readonly to?: number
}

async function* period(trackpointId: string, every: number, { from, to = Date.now() }: Period): AsyncGenerator<string> {
  const last = Math.floor(Math.min(to, Date.now()) / every)
  for (let index = last; index * every >= from; index--) yield framed(eventOf(index, trackpointId, index * every), index)
}

async function* records(trackpointId: string, generated: number, breaksAt: number): AsyncGenerator<string> {
  yield await readFile(new URL('samba-sample.txt', import.meta.url), 'utf8')
  for (let index = 0; index < generated; index++) {
    if (index === breaksAt) throw new Error('this ends the connection')
    yield framed(eventOf(index, trackpointId, 1_673_753_160_310 + index * 1000), index)
  }
}

/** Chunks of a prime number of bytes: cut within records, names, and characters. */
async function* chunksOf(records: AsyncIterable<string>, size = 65_521): AsyncGenerator<Buffer> {
  let pending: Buffer[] = []
  let length = 0
  for await (const record of records) {
    const bytes = Buffer.from(record)
    pending.push(bytes)
    length += bytes.length
    if (length < size) continue
    const all = Buffer.concat(pending)
    let at = 0
    for (; at + size <= all.length; at += size) yield all.subarray(at, at + size)
    pending = [all.subarray(at)]
    length = all.length - at
  }
  yield Buffer.concat(pending)
}

/** One record a line, RFC 7464, and pretty-printed, in turn. */
function framed(event: object, index: number): string {
  if (index % 3 === 0) return `${JSON.stringify(event)}\n`
  if (index % 3 === 1) return `\u001e${JSON.stringify(event)}\n`
  return JSON.stringify(event, null, 2)
}

/** The statuses that generated events have, in turn. */
export const sambaStatuses = ['ACCEPTED', 'DELIVERED', 'DELIVERED', 'UNDELIVERABLE', 'DELIVERED'] as const
const campaigns = ['Černý pátek', 'Návrat zákazníků', 'Žluťoučký kůň'] as const

function eventOf(index: number, trackpointId: string, date: number): object {
  const status = sambaStatuses[index % sambaStatuses.length]
  const campaign = { id: `campaign-${index % campaigns.length}`, name: campaigns[index % campaigns.length] }
  return {
    smsEvent: { trackpoint: Number(trackpointId), userId: String(index), status, date },
    source: { type: 'one-off', campaign, sendDate: date - 300 },
  }
}
