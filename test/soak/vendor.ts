// One vendor, in a process of its own: takes calls, does to them what the script says, posts reports, and watches its limits.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRandom } from '../crash/random.ts'
import { createGauge, type Measured, type Passage } from './gauge.ts'
import { createOutbox } from './outbox.ts'
import { type Fault, faultOf, type Outage, outageOf, settings, storyOf, timing, type VendorName, vendorNames } from './script.ts'
import { type Asked, type Posted, type Secrets, type Wire, type WireAnswer, wireOf } from './wires.ts'

/** What a vendor is started with. */
export interface VendorOptions {
  readonly vendor: VendorName
  readonly seed: number
  /** Numbers of notifications lie below. */
  readonly notifications: number
  /** How much faster than real time the run's clock goes. */
  readonly factor: number
  readonly webhook: string
  readonly now: () => number
  readonly sign: Secrets['sign']
  /** It is down for a while after each so many calls, so many times. */
  readonly outageEvery: number
  readonly outages: number
}

/** A time in which the vendor was down, in real Unix milliseconds; `arrivals` go on until every circuit must have been probed. */
export interface OutageLog {
  readonly mode: Outage
  readonly from: number
  readonly to: number
  readonly arrivals: readonly number[]
}

/** What a vendor remembers: by number, or in all. */
export interface VendorEvidence {
  /** Calls that arrived. */
  readonly calls: Uint8Array
  /** Messages that were sent to somebody. */
  readonly taken: Uint8Array
  /** 1 once a delivery was reported, and the report answered 200. */
  readonly delivered: Uint8Array
  readonly measured: Measured
  readonly outages: readonly OutageLog[]
  readonly faults: Readonly<Record<string, number>>
  /** Calls with a key that the vendor has a message for: it honours keys, and sends nothing. */
  readonly repeated: number
  /** Calls that came again before the Retry-After of the one before was over. */
  readonly hasty: number
  readonly posts: number
  readonly repeatedPosts: number
}

/** A vendor that is up. */
export interface Vendor {
  readonly port: number
  readonly pending: number
  readonly isDown: boolean
  evidence(): VendorEvidence
  close(): Promise<void>
}

const latencyInBursts = 60
const burstEvery = 5000
const burstOf = 100
// Real milliseconds are whole ones at either side.
const rounding = 3

/** Opens a vendor on a port of its own. */
export async function openVendor(options: VendorOptions): Promise<Vendor> {
  const { vendor, seed, notifications, factor, now, outageEvery } = options
  const { limits } = settings[vendor]
  const wire = wireOf(vendor, options)
  const calls = new Uint8Array(notifications)
  const taken = new Uint8Array(notifications)
  const delivered = new Uint8Array(notifications)
  const keys = new Map<number, string>()
  const notBefore = new Map<number, number>()
  const faults: Record<string, number> = {}
  const outages: (OutageLog & { to: number; arrivals: number[] })[] = []
  const gauge = createGauge({ ...limits.rate, per: limits.rate.per / factor, concurrency: limits.concurrency })
  const coolDown = timing.coolDown / factor
  // The first comes early, so that each vendor of a small run has one; then one vendor follows another.
  const place = vendorNames.indexOf(vendor) / vendorNames.length
  let nextOutage = outageEvery * (0.1 + place / 4)
  let all = 0
  let repeated = 0
  let hasty = 0
  const outbox = createOutbox({
    wire,
    webhook: options.webhook,
    random: createRandom(seed, vendorNames.indexOf(vendor), 0xb0),
    delays: { soon: 15, later: 120, late: (1.3 * timing.within) / factor },
    now,
    onTaken({ number, status }) {
      if (status === 'delivered') delivered[number] = 1
    },
  })

  /** How the vendor is down at this moment. */
  function outage(): Outage | undefined {
    const time = Date.now()
    const latest = outages.at(-1)
    if (latest !== undefined && time < latest.to + 2 * coolDown && latest.arrivals.length < 20_000) latest.arrivals.push(time)
    if (latest !== undefined && time < latest.to) return latest.mode
    if (all < nextOutage || outages.length >= options.outages) return undefined
    nextOutage = all + outageEvery * (outages.length === 0 ? 0.4 + place : 1)
    const mode = outageOf(vendor, outages.length)
    outages.push({ mode, from: time, to: time + 2.5 * coolDown, arrivals: [time] })
    return mode
  }

  /** The answer of a vendor that takes the message. It goes out once, whatever was asked before under its key. */
  async function take(asked: Asked): Promise<WireAnswer> {
    const { number, key } = asked
    const id = `${vendor === 'twilio' ? 'SM' : ''}${number}x${taken[number]}`
    if (vendor === 'infobip' && key !== null && keys.get(number) === key) {
      repeated++
      return wire.taken(asked, id)
    }
    if (key !== null && vendor === 'infobip') keys.set(number, key)
    taken[number]!++
    const { early, reports } = storyOf(seed, vendor, number)
    const posted = reports.map((report): [Posted, typeof report.moment] => [
      { ...asked, messageId: id, status: report.status },
      report.moment,
    ])
    if (wire.post === undefined) return wire.taken(asked, id)
    for (const [report, moment] of posted) {
      if (early && moment === 'soon') await outbox.hasten(report)
      else outbox.put(report, moment)
    }
    return wire.taken(asked, id)
  }

  async function serve(request: IncomingMessage, response: ServerResponse, passage: Passage): Promise<void> {
    const asked = wire.read(await textOf(request))
    const { number } = asked
    const nth = calls[number]!++
    all++
    const wait = notBefore.get(number)
    if (wait !== undefined) {
      notBefore.delete(number)
      if (Date.now() < wait - rounding) hasty++
    }
    const down = outage()
    const fault = down === undefined ? faultOf(seed, vendor, number, nth) : outageFault(down)
    const name = down === undefined ? fault.kind : `outage: ${down}`
    faults[name] = (faults[name] ?? 0) + 1
    const end = () => passage.leave(false)
    if (down === 'account') return answer(response, wire.refused.account, end)
    if (fault.kind === 'busy') {
      const { wire: body, seconds } = asBusy(fault)
      // The run's seconds: an HTTP date is one of real time, and what is left of it is counted as if it were the run's.
      notBefore.set(number, Date.now() + (seconds * 1000) / factor)
      return answer(response, body, end)
    }
    const isBurst = all % burstEvery < burstOf && all > burstEvery
    const latency = Math.max(fault.latency, isBurst ? latencyInBursts : 0)
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency))
    act(request, response, fault, fault.taken ? await take(asked) : wire.taken(asked, 'nothing'), wire, end)
  }

  function asBusy({ wait, dated }: Fault): { readonly wire: WireAnswer; readonly seconds: number } {
    const date = Math.ceil(Date.now() / 1000) + wait
    const value = dated ? new Date(date * 1000).toUTCString() : String(wait)
    const seconds = dated ? date - Date.now() / 1000 : wait
    return { wire: { status: 429, body: wire.busy, headers: { 'retry-after': value } }, seconds }
  }

  const server = createServer((request, response) => {
    const passage = gauge.enter()
    response.on('error', () => {})
    response.on('close', () => passage.leave(true))
    serve(request, response, passage).catch((error) => {
      console.error(error)
      request.socket.destroy()
    })
  })
  // A connection that is closed while it is idle looks to its user like a lost answer.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get pending() {
      return outbox.pending
    },
    get isDown() {
      return Date.now() < (outages.at(-1)?.to ?? 0)
    },
    evidence: () => ({
      ...{ calls, taken, delivered, faults, outages, repeated, hasty },
      measured: gauge.measured(),
      posts: outbox.posts,
      repeatedPosts: outbox.repeated,
    }),
    async close() {
      outbox.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function outageFault(mode: Outage): Fault {
  const kind = mode === 'account' ? 'error' : mode
  return { kind, taken: false, latency: 0, wait: 0, dated: false, status: 503 }
}

const html = '<!doctype html><title>Welcome</title><p>Please log in to the network.</p>'
const betweenBytes = 4
const slowBytes = 12

/** Answers as the fault says; `end` is called just before the call is over at the vendor's side. */
function act(
  request: IncomingMessage,
  response: ServerResponse,
  { kind, status }: Fault,
  good: WireAnswer,
  { refused }: Wire,
  end: () => void,
): void {
  switch (kind) {
    case 'recipient':
    case 'content':
      return answer(response, refused[kind], end)
    case 'error':
      return answer(response, { status, body: html, headers: { 'content-type': 'text/html' } }, end)
    case 'html':
      return answer(response, { status: 200, body: html, headers: { 'content-type': 'text/html' } }, end)
    case 'empty':
      return answer(response, { status: 200, body: '' }, end)
    case 'garbage':
      return answer(response, { status: 200, body: '{"messages":[{"id":"\ufffd' }, end)
    case 'silent':
      return
    case 'reset':
      end()
      return void request.socket.resetAndDestroy()
    case 'torn':
      return tear(request, response, end)
    case 'drip':
      return drip(response, good, slowBytes, end)
    case 'endless':
      return drip(response, good, Number.POSITIVE_INFINITY, end)
    default:
      return answer(response, good, end)
  }
}

function answer(response: ServerResponse, { status, body, headers }: WireAnswer, end: () => void): void {
  end()
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
    .end(body)
}

/** Half of a body, and then a reset. */
function tear(request: IncomingMessage, response: ServerResponse, end: () => void): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
  response.write('{"messages":[', () => {
    end()
    request.socket.resetAndDestroy()
  })
}

/** A byte now and then: spaces, which JSON may begin with, and then the body; or spaces for ever. */
function drip(response: ServerResponse, { status, body, headers }: WireAnswer, bytes: number, end: () => void): void {
  // What has no body has nothing to come slowly.
  if (status === 202 && bytes !== Number.POSITIVE_INFINITY)
    return answer(response, { status, body, ...(headers && { headers }) }, end)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  let left = bytes
  const timer = setInterval(() => {
    if (left-- > 0) return void response.write(' ')
    clearInterval(timer)
    end()
    response.end(body)
  }, betweenBytes)
  response.on('close', () => clearInterval(timer))
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
