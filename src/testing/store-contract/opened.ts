import assert from 'node:assert/strict'
import { isOmnicascadeError, type OmnicascadeError } from '../../contract/errors.ts'
import type { NotificationStore } from '../../contract/store.ts'

/** A store that a case of the suite is to be run on. */
export interface OpenedStore {
  readonly store: NotificationStore
  /** Opens a second store on the same state, as another process would. The suite closes it. */
  reopen?(): NotificationStore | Promise<NotificationStore>
  /** Clears everything away. The case may have closed the store already. */
  dispose(): void | Promise<void>
}

/** One thing that a store must do. */
export interface StoreContractCase {
  readonly name: string
  /** Rejects if the store does not do it. */
  run(): Promise<void>
}

/** Options of `storeContract`. */
export interface StoreContractOptions {
  /** `false` leaves out what two processes on one state must do, for a store that only one can use. Otherwise `reopen` is needed. */
  readonly severalProcesses?: boolean
  /** How long a watcher may take to hear of a change, in milliseconds. Default 20 000. */
  readonly patience?: number
}

/** Cases by name. */
export type Checks = Readonly<Record<string, (opened: OpenedStore) => Promise<void>>>

/** Makes a case of what two stores on one state must do, and closes the second. */
export function withOther(
  check: (one: NotificationStore, other: NotificationStore) => Promise<void>,
): (opened: OpenedStore) => Promise<void> {
  return async ({ store, reopen }) => {
    assert.ok(reopen, 'the case needs `reopen`: give it, or set `severalProcesses: false`')
    const other = await reopen()
    try {
      await check(store, other)
    } finally {
      if (other !== store) await other.close?.()
    }
  }
}

/** Asserts that two values are the same JSON. */
export function same(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(plain(actual), plain(expected), message)
}

/** Asserts that a call fails, be it at once or later, with an error of the library. */
export async function failsTyped(call: () => unknown, code?: string): Promise<void> {
  const [outcome] = await outcomes([call])
  assert.ok(outcome?.status === 'rejected', 'it should have failed')
  isTyped(outcome.reason)
  if (code !== undefined) assert.equal(outcome.reason.code, code)
}

/** Asserts that what was thrown is an error of the library. */
export function isTyped(thrown: unknown): asserts thrown is OmnicascadeError {
  assert.ok(isOmnicascadeError(thrown), `it failed with an error that is not the library's: ${String(thrown)}`)
}

/** Makes calls at the same time, and gives what became of each. */
export function outcomes<T>(calls: readonly (() => T)[]): Promise<PromiseSettledResult<Awaited<T>>[]> {
  return Promise.allSettled(calls.map(async (call) => await call()))
}

/** Makes `count` calls at the same time. */
export function atOnce<T>(count: number, call: (index: number) => T): Promise<Awaited<T>[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => await call(index)))
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}
