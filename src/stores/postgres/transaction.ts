import { isOmnicascadeError } from '../../contract/errors.ts'
import type { SqlTransaction } from '../../contract/store.ts'
import { StoreError } from '../../contract/store-error.ts'
import { faultOf } from './faults.ts'
import type { PostgresPool } from './pool.ts'

// A process that is stopped in the middle (SIGSTOP, a paused machine) must not keep its rows locked: the server ends its transaction.
const begin = "begin isolation level read committed; set local idle_in_transaction_session_timeout = '15s'"

/** Runs statements in one transaction of READ COMMITTED, whatever the app's default is. */
export async function inTransaction<T>(pool: PostgresPool, run: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // Without a listener the loss of a lent connection would end the process; the statement under way fails as well.
  let onError = () => {}
  // Whoever writes along may be waiting for something else when the connection goes.
  const lost = new Promise<never>((_, reject) => {
    onError = () => reject(new Error('Connection terminated'))
  })
  lost.catch(() => {})
  client.on('error', onError)
  client.on('end', onError)
  let isBroken = true
  try {
    await client.query(begin)
    const running = run({ query: (text, values) => client.query(text, values && [...values]) })
    running.catch(() => {})
    const result = await Promise.race([running, lost])
    await client.query('commit')
    isBroken = false
    return result
  } catch (error) {
    if (faultOf(error).fault !== 'unavailable') isBroken = !(await canRollBack(client.query('rollback')))
    throw error
  } finally {
    client.removeListener('error', onError)
    client.removeListener('end', onError)
    client.release(isBroken)
  }
}

async function canRollBack(rollback: Promise<unknown>): Promise<boolean> {
  try {
    await rollback
    return true
  } catch {
    return false
  }
}

/**
 * Lets others write in the transaction. Once a statement of theirs has failed they fail, even if they swallow it: the server would answer
 * COMMIT with a rollback, and no error.
 */
export async function lend<T>(transaction: SqlTransaction, run: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
  const failures: unknown[] = []
  const lent: SqlTransaction = {
    async query(text, values) {
      try {
        return await transaction.query(text, values)
      } catch (error) {
        failures.push(error)
        throw error
      }
    },
  }
  try {
    const result = await run(lent)
    if (failures.length === 0) return result
  } catch (error) {
    if (failures.length === 0) failures.push(error)
  }
  const [error] = failures
  const { fault, code } = faultOf(error)
  if (isOmnicascadeError(error) || fault === 'unavailable' || fault === 'conflict') throw error
  throw new StoreError(
    'postgres',
    'refused',
    'the enlisted scheduler could not write its wake-ups, so nothing was stored: is it started, and are its tables there?',
    code,
  )
}
