// What must hold after a soak, judged from what the vendors saw, what the host was told, and what the process holds.
import type { Circuits, Turn } from './circuits.ts'
import type { Measured } from './gauge.ts'
import { growthOf, type MemorySample } from './memory.ts'
import { channelNames, onTheWay, planOf, settings, timing, type VendorName, vendorNames } from './script.ts'
import { finalTypes, type Tally } from './tally.ts'
import type { OutageLog, VendorEvidence } from './vendor.ts'

/** What a run leaves behind. */
export interface SoakEvidence {
  readonly seed: number
  /** Sent: all numbers below. */
  readonly sent: number
  readonly factor: number
  readonly tally: Tally
  readonly vendors: Readonly<Record<VendorName, VendorEvidence>>
  /** What left for each vendor, by the run's own clock. */
  readonly left: Readonly<Record<VendorName, Measured>>
  /** The longest time that the app's process stood still, in milliseconds: calls that it had counted waited for so long. */
  readonly stalled: number
  readonly turns: Circuits['turns']
  /** Circuits that are open at the end. */
  readonly open: readonly VendorName[]
  /** Whatever failed in the background, was rejected and not handled, or warned of. */
  readonly errors: readonly string[]
  readonly memory: readonly MemorySample[]
  /** Handles, sockets and timers that are open beyond those before the run. */
  readonly openHandles: readonly string[]
}

/** A broken invariant: its name, and where. */
export interface Broken {
  readonly invariant: string
  readonly where: string
}

/** Everything that does not hold, each invariant at most a few times. */
export function judge(evidence: SoakEvidence): Broken[] {
  return checks.flatMap(([invariant, check]) => {
    const places: string[] = []
    for (const where of check(evidence)) {
      places.push(where)
      if (places.length >= 3) break
    }
    return places.map((where) => ({ invariant, where }))
  })
}

type Check = (evidence: SoakEvidence) => Iterable<string>

const checks: readonly (readonly [string, Check])[] = [
  ['every notification settles', settles],
  ['each call at a vendor is one of an attempt on record, and each attempt made is a call', agreesOnCalls],
  ['nothing is sent twice on one channel', sendsOnce],
  ['the outcome is what the vendors have reported', agreesOnOutcome],
  ['a second delivery is told', tellsDuplicates],
  ['no call comes before the Retry-After of the one before is over', keepsRetryAfter],
  ['no more calls at a time than a vendor allows', keepsConcurrency],
  ['no faster than a vendor allows', keepsRate],
  ['a circuit opens when its vendor is down', opens],
  ['a circuit opens after so many failures in a row', opensForCause],
  ['an open circuit lets no call through before its time, and then one', staysOpen],
  ['every circuit closes', closes],
  ['events are those of the records', agreesOnEvents],
  ['nothing fails in the background', ({ errors }) => errors],
  ['memory is flat', isFlat],
  ['nothing is left open', ({ openHandles }) => openHandles],
]

/** The names of all that is judged. */
export const invariants: readonly string[] = checks.map(([invariant]) => invariant)

function* numbersOf({ sent }: SoakEvidence): Generator<number> {
  for (let number = 0; number < sent; number++) yield number
}

function* settles(evidence: SoakEvidence): Generator<string> {
  const { tally, sent } = evidence
  for (const number of numbersOf(evidence)) if ((tally.told[number] ?? 0) === 0) yield `number ${number}`
  for (const type of ['notification.created', 'notification.settled'])
    if (tally.events[type] !== sent) yield `${tally.events[type]} × ${type} for ${sent} notifications`
}

function* agreesOnCalls(evidence: SoakEvidence): Generator<string> {
  const { tally, vendors } = evidence
  for (const number of numbersOf(evidence))
    for (const [index, vendor] of vendorNames.entries()) {
      const place = number * vendorNames.length + index
      const attempts = tally.attempts[place] ?? 0
      const unsure = tally.unsure[place] ?? 0
      const calls = vendors[vendor].calls[number] ?? 0
      if (calls > attempts || calls < attempts - unsure)
        yield `number ${number}: ${calls} calls at ${vendor} for ${attempts} attempts, ${unsure} of them unknown`
    }
}

function* sendsOnce(evidence: SoakEvidence): Generator<string> {
  for (const number of numbersOf(evidence))
    for (const channel of channelNames) {
      const taken = vendorNames.map((vendor) =>
        settings[vendor].channel === channel ? evidence.vendors[vendor].taken[number] : 0,
      )
      if (taken.reduce<number>((sum, count) => sum + (count ?? 0), 0) > 1)
        yield `number ${number}: ${channel} was sent by ${vendorNames.map((vendor, index) => `${vendor} ${taken[index]}`).join(', ')}`
    }
}

/** Channels of the chain that have delivered, as far as anybody could know it: where receipts come by an id that the answer tells, only if it was seen. */
function deliveredOn({ seed, tally, vendors }: SoakEvidence, number: number): Set<string> {
  const { emailRequired } = planOf(seed, number)
  const delivered = vendorNames.filter((vendor, index) => {
    const { channel, knowsKeys } = settings[vendor]
    if (emailRequired && channel === 'email') return false
    const accepted = ((tally.accepted[number] ?? 0) & (1 << index)) !== 0
    if (vendor === 'slack') return accepted
    return vendors[vendor].delivered[number] === 1 && (knowsKeys || accepted)
  })
  return new Set(delivered.map((vendor) => settings[vendor].channel))
}

function* agreesOnOutcome(evidence: SoakEvidence): Generator<string> {
  const { tally } = evidence
  for (const number of numbersOf(evidence)) {
    const delivered = deliveredOn(evidence, number)
    const by = channelNames[(tally.by[number] ?? 0) - 1]
    const isDelivered = tally.status[number] === 1
    if (isDelivered !== delivered.size > 0 || (isDelivered && !delivered.has(by ?? '')))
      yield `number ${number}: ${isDelivered ? `delivered by ${by}` : 'not delivered'}, and delivered at ${[...delivered].join() || 'no vendor'}`
  }
}

function* tellsDuplicates(evidence: SoakEvidence): Generator<string> {
  for (const number of numbersOf(evidence)) {
    const delivered = deliveredOn(evidence, number)
    if (delivered.size > 1 !== (evidence.tally.twice[number] === 1))
      yield `number ${number}: delivered at ${[...delivered].join()}, told ${evidence.tally.twice[number]}`
  }
}

function* keepsRetryAfter({ vendors }: SoakEvidence): Generator<string> {
  for (const vendor of vendorNames) if (vendors[vendor].hasty > 0) yield `${vendors[vendor].hasty} calls at ${vendor}`
}

function* keepsConcurrency({ vendors, left }: SoakEvidence): Generator<string> {
  for (const vendor of vendorNames)
    for (const [side, { peak }] of [
      ['at', vendors[vendor].measured],
      ['on the way to', left[vendor]],
    ] as const)
      if (peak > settings[vendor].limits.concurrency)
        yield `${peak} ${side} ${vendor}, which allows ${settings[vendor].limits.concurrency}`
}

/** All but exactly where calls leave; at the vendor's side, where they come with what they were on their way. On either side a process that stood still is no fault. */
function* keepsRate({ vendors, left, factor, stalled }: SoakEvidence): Generator<string> {
  for (const vendor of vendorNames) {
    const { count, per } = settings[vendor].limits.rate
    const { tightest: leaving } = left[vendor]
    if (leaving !== null && leaving < per - Math.max(betweenReads, stalled) * factor)
      yield `${count + 1} calls left for ${vendor} within ${leaving} ms, which allows ${count} in ${per} ms`
    const { tightest } = vendors[vendor].measured
    if (tightest !== null && tightest < per / factor - Math.max(onTheWay, stalled))
      yield `${count + 1} calls came to ${vendor} within ${tightest.toFixed(1)} ms, which allows ${count} in ${per / factor} ms`
  }
}

// The limiter reads its clock just before the call, and the run as it leaves: the process may stand still in between.
const betweenReads = 50
// Clocks of whole milliseconds on either side.
const rounding = 3

const turnsOf = ({ turns }: SoakEvidence, vendor: VendorName) => turns.filter((turn) => turn.vendor === vendor)

function* opens(evidence: SoakEvidence): Generator<string> {
  const { factor, vendors } = evidence
  for (const vendor of vendorNames)
    for (const { mode, from, to, arrivals } of vendors[vendor].outages) {
      // Calls that were under way when it went down may still have ended well in between.
      const enough = settings[vendor].limits.concurrency + timing.threshold
      if (arrivals.filter((at) => at < to).length < enough) continue
      const isOpened = turnsOf(evidence, vendor).some(
        ({ type, at }) => type === 'opened' && at >= from && at < to + timing.timeout / factor,
      )
      if (!isOpened) yield `${vendor}, down (${mode}) from ${from} to ${to}`
    }
}

function* opensForCause(evidence: SoakEvidence): Generator<string> {
  for (const vendor of vendorNames) {
    let isOpen = false
    for (const { type, kind, failures } of turnsOf(evidence, vendor)) {
      if (type === 'opened' && !isOpen && kind !== 'configuration' && failures < timing.threshold)
        yield `${vendor} opened for ${kind} after ${failures} failures`
      isOpen = type === 'opened'
    }
  }
}

/** What arrives while a circuit is open was let through before it opened, so it is bounded by the concurrency; once it was open for so long, one probe. */
function* staysOpen(evidence: SoakEvidence): Generator<string> {
  for (const vendor of vendorNames) {
    const turns = turnsOf(evidence, vendor)
    for (const { wasDue, at } of turns) if (!wasDue) yield `${vendor} was probed too early, at ${at}`
    for (const [index, turn] of turns.entries()) {
      if (turn.type !== 'opened') continue
      const log = evidence.vendors[vendor].outages.find((outage) => isWithin(turn, outage, evidence.factor))
      if (log === undefined) continue
      const next = turns[index + 1]?.at ?? Number.POSITIVE_INFINITY
      const stragglers = log.arrivals.filter((at) => at > turn.at && at < turn.until - rounding).length
      const probes = log.arrivals.filter((at) => at > turn.until + rounding && at < next - rounding).length
      if (stragglers >= settings[vendor].limits.concurrency) yield `${stragglers} calls at ${vendor} while its circuit was open`
      if (probes > 1) yield `${probes} calls at ${vendor} for one probe`
    }
  }
}

/** Whether an outage opened a circuit, and its log goes on until the circuit is probed. */
function isWithin({ at, until }: Turn, { from, to }: OutageLog, factor: number): boolean {
  return at >= from && at < to + timing.timeout / factor && until <= to + (2 * timing.coolDown) / factor
}

function* closes({ open, turns }: SoakEvidence): Generator<string> {
  yield* open
  for (const vendor of vendorNames) {
    const own = turns.filter((turn) => turn.vendor === vendor)
    if (own.some(({ type }) => type === 'opened') && own.at(-1)?.type !== 'closed') yield vendor
  }
}

function* agreesOnEvents({ tally: { events, recorded } }: SoakEvidence): Generator<string> {
  for (const type of finalTypes)
    if ((events[type] ?? 0) !== (recorded[type] ?? 0))
      yield `${type}: ${events[type] ?? 0} events, ${recorded[type] ?? 0} on record`
}

// With fewer samples a line says nothing.
const enoughSamples = 12

function* isFlat({ memory }: SoakEvidence): Generator<string> {
  if (memory.length < enoughSamples) return
  const last = memory.at(-1)!
  for (const name of ['rss', 'heap', 'external'] as const) {
    const { growth, noise } = growthOf(memory, name)
    // The allocator keeps pages that it may want again, so the resident set wanders more than the heap.
    const room = name === 'rss' ? Math.max(32, 0.1 * last.rss) : Math.max(8, 0.05 * last.heap)
    if (growth > Math.max(room, 3 * noise)) yield `${name} grew by ${growth.toFixed(1)} MB over the second half of the run`
  }
}
