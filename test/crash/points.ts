// Named points at which a child kills itself: decorators of its store and its providers, and nothing in the library.
import { StatementSync } from 'node:sqlite'
import type { NotificationRecord, NotificationStore } from 'omnicascade'

/** Where a process may be killed by itself. */
export const points = [
  'insert.before',
  'insert.after',
  'write-ahead.before',
  'write-ahead.after',
  'call.before',
  'call.answered',
  'outcome.before',
  'outcome.after',
  'receipt.taken',
  'receipt.before',
  'receipt.after',
  'receipt.answering',
  'park.before',
  'park.after',
  'unpark.before',
  'unpark.after',
  'wait.before',
  'wait.after',
  'tell.before',
  'tell.after',
  'told.before',
  'told.after',
  'send.resolved',
  'commit',
] as const

/** One of them. */
export type Point = (typeof points)[number]

/** Which point is fatal, and at which passing. */
export interface Fate {
  readonly point: Point
  readonly passing: number
}

/** Says that a point is passed; returns only if that is not fatal. */
export type Pass = (point: Point) => void

/** Counts the passings of the fatal point. */
export function createPass(fate: Fate | undefined): Pass {
  let left = fate?.passing ?? 0
  return (point) => {
    // A signal to oneself is delivered before the call returns.
    if (point === fate?.point && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}

/** The store, with a point before and after each kind of write. */
export function withPoints(store: NotificationStore, pass: Pass): NotificationStore {
  return {
    ...store,
    async insert(record) {
      pass('insert.before')
      const inserted = await store.insert(record)
      pass('insert.after')
      return inserted
    },
    async update(record, expectedVersion) {
      const what = whatIsWritten(record)
      pass(`${what}.before`)
      const won = await store.update(record, expectedVersion)
      pass(`${what}.after`)
      return won
    },
    async parkReceipt(...given) {
      pass('park.before')
      await store.parkReceipt(...given)
      pass('park.after')
    },
    async dropParked(receipt) {
      pass('unpark.before')
      await store.dropParked(receipt)
      pass('unpark.after')
    },
  }
}

/** What an update is about, by the last thing that its timeline says of an attempt. */
function whatIsWritten({
  timeline,
  settledAt,
  dueAt,
  steps,
}: NotificationRecord): 'told' | 'write-ahead' | 'outcome' | 'receipt' | 'wait' {
  if (settledAt !== null && dueAt === null) return 'told'
  const last = timeline.findLast(({ type }) => type.startsWith('attempt.') || type === 'step.timed-out')?.type
  if (last === 'attempt.receipt' || last === 'attempt.contradicted') return 'receipt'
  if (last === 'attempt.started') return steps.some(({ state }) => state === 'sending') ? 'write-ahead' : 'wait'
  return last === undefined || last === 'step.timed-out' ? 'wait' : 'outcome'
}

/** Passes a point within SQLite's transactions: everything is written, and nothing committed. */
export function passBeforeCommit(pass: Pass): void {
  const { run } = StatementSync.prototype
  StatementSync.prototype.run = function (this: StatementSync, ...given: Parameters<typeof run>) {
    if (/^commit/i.test(this.sourceSQL)) pass('commit')
    return run.apply(this, given)
  } as typeof run
}
