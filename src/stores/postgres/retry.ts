import { isOmnicascadeError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { faultOf, storeError } from './faults.ts'

const conflictTries = 6
const firstDelay = 20
const slowestDelay = 1000

/** What retrying needs. */
export interface RetryContext {
  readonly clock: Clock
  /** How long to go on while the database cannot be reached, in milliseconds. */
  readonly patience: number
}

/**
 * Runs an operation until it succeeds, again after a lost connection and after a conflict; anything else, and what lasts, is thrown as a
 * `StoreError`. `run` hears whether a connection was cut before: then what it writes may be there already.
 */
export async function retrying<T>(
  { clock, patience }: RetryContext,
  isWrite: boolean,
  run: (wasCut: boolean) => Promise<T>,
): Promise<T> {
  let wasCut = false
  const start = clock.now()
  let paused = 0
  /** Also tries that fail slowly count. */
  const waited = () => Math.max(paused, clock.now() - start)
  for (let tries = 1, delay = firstDelay; ; tries++, delay = Math.min(2 * delay, slowestDelay)) {
    try {
      return await run(wasCut)
    } catch (error) {
      if (isOmnicascadeError(error))
        throw wasCut ? storeError({ fault: 'unavailable', code: undefined, ended: false }, true) : error
      const fault = faultOf(error)
      wasCut ||= fault.ambiguous && isWrite
      const goesOn =
        fault.fault === 'conflict' ? tries < conflictTries : fault.fault === 'unavailable' && !fault.ended && waited() < patience
      // Whatever it failed with in the end: an earlier try may have been stored.
      if (!goesOn) throw wasCut ? storeError({ ...fault, fault: 'unavailable', ended: false }, true) : storeError(fault)
    }
    // Half of it by chance, so that those who collided do not meet again.
    const pause = Math.min(delay * (0.5 + Math.random() / 2), Math.max(1, patience - waited()))
    paused += pause
    await new Promise<void>((resolve) => clock.setTimer(pause, resolve))
  }
}
