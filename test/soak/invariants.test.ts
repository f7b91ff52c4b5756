// Each invariant of a soak finds the one fault that is planted for it.
import { expect, test } from 'vitest'
import type { Turn } from './circuits.ts'
import type { Measured } from './gauge.ts'
import { invariants, judge, type SoakEvidence } from './invariants.ts'
import type { MemorySample } from './memory.ts'
import { planOf, settings, timing, type VendorName, vendorNames } from './script.ts'
import type { VendorEvidence } from './vendor.ts'

const factor = 10
const seed = 1
const sent = 4
// A chain of SMS, e-mail and chat, and one whose e-mail goes out beside it.
const plain = [0, 1, 2, 3].find((number) => !planOf(seed, number).emailRequired) ?? 0
const coolDown = timing.coolDown / factor
const down = 1_000_000

type Writable<T> = { -readonly [K in keyof T]: T[K] }

function vendor(name: VendorName): Writable<VendorEvidence> {
  const isUsed = name === 'gateway' ? 1 : 0
  const bytes = () => new Uint8Array(sent).fill(isUsed)
  const arrivals = [
    ...Array.from({ length: 200 }, (_, index) => down + index / 10),
    down + coolDown + 25,
    down + 2 * coolDown + 40,
  ]
  return {
    ...{ calls: bytes(), taken: bytes(), delivered: bytes(), faults: {}, repeated: 0, hasty: 0, posts: 0, repeatedPosts: 0 },
    measured: { calls: sent, peak: 1, densest: 1, tightest: null },
    outages: name === 'gateway' ? [{ mode: 'error', from: down, to: down + 1.5 * coolDown, arrivals }] : [],
  }
}

function turn(type: Turn['type'], at: number, rest: Partial<Turn> = {}): Turn {
  return {
    vendor: 'gateway',
    type,
    at,
    until: at + coolDown,
    kind: type === 'opened' ? 'transient' : null,
    failures: 5,
    wasDue: true,
    ...rest,
  }
}

const flat = (growth: Partial<MemorySample> = {}): MemorySample[] =>
  Array.from({ length: 40 }, (_, index) => ({
    settled: index * 1000,
    rss: 300 + (growth.rss ?? 0) * index,
    heap: 60 + (index % 3) + (growth.heap ?? 0) * index,
    external: 5,
  }))

/** A run in which everything holds: four notifications, each delivered by the gateway at once, and one outage. */
function sound() {
  const each = vendorNames.length
  const attempts = new Uint8Array(sent * each)
  for (let number = 0; number < sent; number++) attempts[number * each] = 1
  const ones = () => new Uint8Array(sent).fill(1)
  const events: Record<string, number> = { 'notification.created': sent, 'notification.settled': sent, 'attempt.started': sent }
  const measured = (): Writable<Measured> => ({ calls: sent, peak: 1, densest: 1, tightest: null })
  return {
    ...{
      seed,
      sent,
      factor,
      stalled: 20,
      open: [] as VendorName[],
      errors: [] as string[],
      openHandles: [] as string[],
      memory: flat(),
    },
    tally: {
      ...{ told: ones(), status: ones(), by: ones(), accepted: ones(), twice: new Uint8Array(sent), settled: sent },
      ...{ attempts, unsure: new Uint8Array(sent * each), events, recorded: { ...events } as Record<string, number> },
    },
    vendors: Object.fromEntries(vendorNames.map((name) => [name, vendor(name)])) as Record<VendorName, Writable<VendorEvidence>>,
    left: Object.fromEntries(vendorNames.map((name) => [name, measured()])) as Record<VendorName, Writable<Measured>>,
    turns: [turn('opened', down + 20), turn('opened', down + coolDown + 30), turn('closed', down + 2 * coolDown + 50)],
  } satisfies SoakEvidence
}

type Run = ReturnType<typeof sound>

test('a sound run breaks nothing', () => {
  expect(judge(sound())).toEqual([])
})

const planted: readonly (readonly [invariant: string, what: string, plant: (run: Run) => void])[] = [
  [
    'every notification settles',
    'one that nobody was told of',
    ({ tally }) => {
      tally.told[1] = 0
    },
  ],
  [
    'each call at a vendor is one of an attempt on record',
    'a call too many',
    ({ vendors }) => {
      vendors.slack.calls[2] = 1
    },
  ],
  [
    'each call at a vendor is one of an attempt on record',
    'a call that never came',
    ({ vendors }) => {
      vendors.gateway.calls[2] = 0
    },
  ],
  [
    'nothing is sent twice on one channel',
    'two SMS through two vendors',
    ({ vendors }) => {
      vendors.infobip.taken[0] = 1
    },
  ],
  [
    'the outcome is what the vendors have reported',
    'a delivery that nobody reported',
    ({ vendors }) => {
      vendors.gateway.delivered[3] = 0
    },
  ],
  [
    'the outcome is what the vendors have reported',
    'a delivery that was not heard',
    ({ tally }) => {
      tally.status[3] = 2
    },
  ],
  [
    'the outcome is what the vendors have reported',
    'a delivery by another channel',
    ({ tally }) => {
      tally.by[3] = 2
    },
  ],
  [
    'a second delivery is told',
    'one that was not',
    ({ vendors }) => {
      vendors.sendgrid.delivered[plain] = 1
    },
  ],
  [
    'a second delivery is told',
    'one that was none',
    ({ tally }) => {
      tally.twice[plain] = 1
    },
  ],
  [
    'no call comes before the Retry-After',
    'a hasty one',
    ({ vendors }) => {
      vendors.twilio.hasty = 1
    },
  ],
  [
    'no more calls at a time',
    'one too many at a vendor',
    ({ vendors }) => beyond(vendors.slack, { peak: settings.slack.limits.concurrency + 1 }),
  ],
  [
    'no more calls at a time',
    'one too many that left',
    ({ left }) => {
      left.slack.peak = settings.slack.limits.concurrency + 1
    },
  ],
  [
    'no faster than a vendor allows',
    'calls that left too fast',
    ({ left }) => {
      left.twilio.tightest = settings.twilio.limits.rate.per - 501
    },
  ],
  ['no faster than a vendor allows', 'calls that came too fast', ({ vendors }) => beyond(vendors.twilio, { tightest: 100 })],
  [
    'a circuit opens when its vendor is down',
    'one that did not',
    (run) => {
      run.turns = []
    },
  ],
  ['a circuit opens after so many failures in a row', 'one that opened for less', (run) => replaceTurn(run, 0, { failures: 4 })],
  ['an open circuit lets no call through', 'a probe before its time', (run) => replaceTurn(run, 1, { wasDue: false })],
  ['an open circuit lets no call through', 'two probes at a time', (run) => arrive(run, down + 2 * coolDown + 42)],
  [
    'an open circuit lets no call through',
    'calls that go on',
    (run) => arrive(run, ...Array.from({ length: 130 }, (_, index) => down + 100 + index)),
  ],
  ['every circuit closes', 'one that is open at the end', ({ open }) => void open.push('slack')],
  ['every circuit closes', 'one that never closed', (run) => void run.turns.pop()],
  [
    'events are those of the records',
    'an event too few',
    ({ tally }) => {
      tally.events['attempt.started'] = sent - 1
    },
  ],
  ['nothing fails in the background', 'a warning', ({ errors }) => void errors.push('MaxListenersExceededWarning')],
  [
    'memory is flat',
    'a heap that grows',
    (run) => {
      run.memory = flat({ heap: 1 })
    },
  ],
  [
    'memory is flat',
    'a resident set that grows',
    (run) => {
      run.memory = flat({ rss: 3 })
    },
  ],
  ['nothing is left open', 'a socket', ({ openHandles }) => void openHandles.push('1 × TCPSocketWrap')],
]

test.each(planted)('%s: finds %s', (invariant, _, plant) => {
  const run = sound()
  plant(run)
  const names = new Set(judge(run).map((broken) => broken.invariant))
  expect([...names]).toEqual([expect.stringContaining(invariant)])
})

test('every invariant is put to the proof', () => {
  expect(invariants.filter((invariant) => !planted.some(([name]) => invariant.includes(name)))).toEqual([])
})

function beyond(evidence: Writable<VendorEvidence>, measured: Partial<Measured>): void {
  evidence.measured = { ...evidence.measured, ...measured }
}

function replaceTurn(run: Run, index: number, rest: Partial<Turn>): void {
  run.turns = run.turns.map((own, place) => (place === index ? { ...own, ...rest } : own))
}

function arrive({ vendors }: Run, ...more: readonly number[]): void {
  const { gateway } = vendors
  gateway.outages = gateway.outages.map((log) => ({ ...log, arrivals: [...log.arrivals, ...more].sort((a, b) => a - b) }))
}
