import { StreamError } from '../contract/errors.ts'
import type { SambaSmsEvent } from './events.ts'
import type { Report } from './parser.ts'

/**
 * What has been given of an export, so that a second answer can go on where the first one broke.
 * In what order Samba sends events is not documented, and those in its sample descend, so the last event's date says nothing of the
 * rest. The same period is asked for again, and as many events as were given are skipped, if they are the same ones: their
 * number and a sum of hashes, which does not depend on their order, are all that is kept.
 */
export interface Replay {
  /** A new answer begins: what has been given will come again. */
  restart(): void
  /** The events of a batch that have not been given yet. Throws `samba-resume-diverged` if those given are not the same. */
  fresh(batch: readonly SambaSmsEvent[]): readonly SambaSmsEvent[]
  /** The answer is complete. Throws `samba-resume-diverged` if not all that was given has come again. */
  finish(): void
  /** `report`, but for records that were reported before. */
  readonly report: Report
}

/** A replay that has given nothing yet. */
export function createReplay(report: Report): Replay {
  const given = createTally()
  let again = createTally()
  let reports = 0
  let reportsAgain = 0

  function compare(): void {
    if (!again.equals(given)) {
      throw new StreamError(
        'samba-resume-diverged',
        'the export broke, and Samba sent other events, or in another order, when asked again. To go on would lose or repeat some: start anew, with a shorter period',
      )
    }
  }

  return {
    restart() {
      again = createTally()
      reportsAgain = 0
    },
    fresh(batch) {
      const repeated = Math.min(batch.length, given.count() - again.count())
      for (let at = 0; at < repeated; at++) again.add(batch[at]!)
      if (repeated > 0 && again.count() === given.count()) compare()
      for (let at = repeated; at < batch.length; at++) {
        given.add(batch[at]!)
        again.add(batch[at]!)
      }
      return repeated === 0 ? batch : batch.slice(repeated)
    },
    finish: compare,
    report(error) {
      reportsAgain++
      if (reportsAgain <= reports) return
      reports = reportsAgain
      report(error)
    },
  }
}

interface Tally {
  add(event: SambaSmsEvent): void
  count(): number
  equals(other: Tally): boolean
  sums(): readonly number[]
}

/** Counts events, and adds their hashes up in two independent sums of 32 bits. */
function createTally(): Tally {
  let count = 0
  let first = 0
  let second = 0
  const tally: Tally = {
    add(event) {
      const key = identityOf(event)
      let one = 0x811c9dc5
      let two = 0x9e3779b9
      for (let at = 0; at < key.length; at++) {
        const unit = key.charCodeAt(at)
        one = Math.imul(one ^ unit, 0x01000193)
        two = Math.imul(two ^ unit, 0x5bd1e995) ^ (two >>> 15)
      }
      count++
      first = (first + one) | 0
      second = (second + two) | 0
    },
    count: () => count,
    sums: () => [count, first, second],
    equals: (other) => other.sums().every((sum, at) => sum === tally.sums()[at]),
  }
  return tally
}

/** All that tells one event from another: Samba gives no id [inf]. */
function identityOf({ smsEvent, source }: SambaSmsEvent): string {
  const where = source.type === 'unknown' ? source.name : `${source.campaign.id}\n${source.type === 'flow' ? source.node.id : ''}`
  return `${smsEvent.userId}\n${smsEvent.status}\n${smsEvent.date}\n${source.sendDate}\n${where}`
}
