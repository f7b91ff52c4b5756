import type { NotificationRecord, NotifierEvent } from 'omnicascade'
import { channelNames, type SoakChannel, type VendorName, vendorNames } from './script.ts'

/** What became of notifications as the host has heard it, in a few bytes for each: a run must not remember what the store forgets. */
export interface Tally {
  /** By number: how often the host was told that it settled. */
  readonly told: Uint8Array
  /** By number: 1 for delivered, 2 for any other outcome. */
  readonly status: Uint8Array
  /** By number: 1 more than the index of the channel that delivered. */
  readonly by: Uint8Array
  /** By number and vendor: attempts on record. */
  readonly attempts: Uint8Array
  /** By number and vendor: attempts that may never have reached the vendor: their result is unknown, or they were not made. */
  readonly unsure: Uint8Array
  /** By number, a bit for each vendor: it has accepted an attempt, as an event has told. */
  readonly accepted: Uint8Array
  /** By number: 1 if an event told that two channels have delivered. */
  readonly twice: Uint8Array
  /** How many events of each type. */
  readonly events: Readonly<Record<string, number>>
  /** The same, of the types that are final once a notification has settled, as the records' timelines have them. */
  readonly recorded: Readonly<Record<string, number>>
  /** Notifications that the host was told of. */
  readonly settled: number
}

/** Types of which nothing comes after a notification has settled. */
export const finalTypes = [
  'notification.created',
  'notification.settled',
  'attempt.started',
  'step.held',
  'step.skipped',
] as const

/** Counts for numbers below `notifications`. */
export interface Counter {
  readonly tally: Tally
  /** Which number has an id, told as soon as it is sent: nothing but its creation is heard before. */
  name(id: string, number: number): void
  /** For the notifier: short, and in order. */
  createId(): string
  hear(event: NotifierEvent): void
  /** Takes down a record that has settled; true if it is the first time. */
  settle(record: NotificationRecord): boolean
}

const outcomes = { delivered: 1, failed: 2, expired: 2, cancelled: 2 }
// Failures of attempts whose call was not made, or did not arrive: a machine that is busy enough gets no connection in time.
const notMade = /^(LEASE_LOST|CLOSED|STORE_UNSURE|UND_ERR_CONNECT_TIMEOUT)$/

/** An empty tally. */
export function createCounter(notifications: number): Counter {
  const bytes = (size = 1) => new Uint8Array(notifications * size)
  // Those that are asked for twice use up two ids.
  const numbers = new Int32Array(notifications * 2)
  let ids = 0
  const events: Record<string, number> = {}
  const recorded: Record<string, number> = {}
  const tally = {
    ...{ told: bytes(), status: bytes(), by: bytes(), accepted: bytes(), twice: bytes(), events, recorded, settled: 0 },
    attempts: bytes(vendorNames.length),
    unsure: bytes(vendorNames.length),
  }
  const numberOf = (id: string) => numbers[Number(id.slice(1))] ?? 0

  function note(number: number, record: NotificationRecord): void {
    tally.status[number] = outcomes[record.outcome?.status ?? 'failed']
    tally.by[number] = 1 + channelNames.indexOf(record.outcome?.by as SoakChannel)
    const at = number * vendorNames.length
    tally.attempts.fill(0, at, at + vendorNames.length)
    tally.unsure.fill(0, at, at + vendorNames.length)
    for (const { attempts } of record.steps)
      for (const { provider, failure, state } of attempts) {
        const place = at + vendorNames.indexOf(provider as VendorName)
        tally.attempts[place]!++
        if (state === 'unknown' || notMade.test(failure?.code ?? '')) tally.unsure[place]!++
      }
  }

  return {
    tally,
    createId: () => `s${ids++}`,
    name(id, number) {
      numbers[Number(id.slice(1))] = number
    },
    hear(event) {
      events[event.type] = (events[event.type] ?? 0) + 1
      if (event.type === 'attempt.accepted')
        tally.accepted[numberOf(event.id)]! |= 1 << vendorNames.indexOf(event.provider as VendorName)
      else if (event.type === 'notification.duplicate-delivery') tally.twice[numberOf(event.id)] = 1
    },
    settle(record) {
      const number = Number(record.to.userId)
      const isFirst = tally.told[number]!++ === 0
      note(number, record)
      if (!isFirst) return false
      tally.settled++
      for (const { type } of record.timeline)
        if ((finalTypes as readonly string[]).includes(type)) recorded[type] = (recorded[type] ?? 0) + 1
      return true
    },
  }
}
