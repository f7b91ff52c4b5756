import { closeChecks } from './store-contract/close.ts'
import { dueChecks } from './store-contract/due.ts'
import { enlistChecks } from './store-contract/enlist.ts'
import { keyChecks } from './store-contract/keys.ts'
import { mixedChecks } from './store-contract/mixed.ts'
import type { Checks, OpenedStore, StoreContractCase, StoreContractOptions } from './store-contract/opened.ts'
import { processChecks } from './store-contract/processes.ts'
import { receiptChecks } from './store-contract/receipts.ts'
import { recordChecks } from './store-contract/records.ts'
import { retentionChecks } from './store-contract/retention.ts'
import { watchChecks } from './store-contract/watch.ts'

export type { OpenedStore, StoreContractCase, StoreContractOptions } from './store-contract/opened.ts'

/**
 * What every store must do, as cases for any test runner: `for (const { name, run } of storeContract(open)) test(name, run)`.
 * Each case opens a store of its own, which must be empty, and rejects with an `AssertionError` if the store breaks its contract.
 */
export function storeContract(
  open: () => OpenedStore | Promise<OpenedStore>,
  { severalProcesses = true, patience = 20_000 }: StoreContractOptions = {},
): readonly StoreContractCase[] {
  const checks: Checks = {
    ...recordChecks,
    ...keyChecks,
    ...receiptChecks,
    ...dueChecks,
    ...retentionChecks,
    ...mixedChecks,
    ...enlistChecks,
    ...closeChecks,
    ...(severalProcesses && { ...processChecks, ...watchChecks(patience) }),
  }
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const opened = await open()
      try {
        await check(opened)
      } finally {
        await opened.dispose()
      }
    },
  }))
}
