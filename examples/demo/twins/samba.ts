import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Loopback, loopback, reply } from './loopback.ts'

/** How the twin behaves. */
export interface SambaTwinOptions {
  readonly trackpointId: string
  readonly apiKey: string
  /** How many events follow the two of the vendor's own sample. */
  readonly generated: number
  /** Break the connection in the middle of the first export. */
  readonly breaksOnce?: boolean
}

/** `export-sms-events` of Samba: its documentation's own sample and then generated events, in all framings, cut anywhere. */
export function sambaTwin({ trackpointId, apiKey, generated, breaksOnce = false }: SambaTwinOptions): Promise<Loopback> {
  let breaksAt = breaksOnce ? Math.floor(generated / 2) : Number.POSITIVE_INFINITY
  return loopback(async ({ method, path, headers }, response) => {
    if (headers['x-api-key'] !== apiKey) return reply(response, 401, {})
    if (method !== 'POST' || path !== `/shop/${trackpointId}/export-sms-events`) return reply(response, 404, {})
    response.writeHead(200, { 'content-type': 'application/json-seq' })
    const until = breaksAt
    breaksAt = Number.POSITIVE_INFINITY
    await pipeline(Readable.from(chunksOf(records(trackpointId, generated, until))), response).catch(() => {})
  })
}

async function* records(trackpointId: string, generated: number, breaksAt: number): AsyncGenerator<string> {
  yield await readFile(new URL('samba-sample.txt', import.meta.url), 'utf8')
  for (let index = 0; index < generated; index++) {
    if (index === breaksAt) throw new Error('this ends the connection')
    yield framed(eventOf(index, trackpointId), index)
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

function eventOf(index: number, trackpointId: string): object {
  const sendDate = 1_673_753_160_010 + index * 1000
  const status = sambaStatuses[index % sambaStatuses.length]
  const campaign = { id: `campaign-${index % campaigns.length}`, name: campaigns[index % campaigns.length] }
  return {
    smsEvent: { trackpoint: Number(trackpointId), userId: String(index), status, date: sendDate + 300 },
    source: { type: 'one-off', campaign, sendDate },
  }
}
