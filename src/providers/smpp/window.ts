import { SendError } from '../../contract/errors.ts'
import { unlessAborted } from '../../wire/abort.ts'

/** How many PDUs may be without an answer at a time. */
export interface Window {
  /** Waits for a place, first come, first served, and gives what makes it free again. Rejects with a `SendError` once `signal` is aborted. */
  enter(signal: AbortSignal): Promise<() => void>
}

/** A window of `size` places. */
export function createWindow(size: number): Window {
  let free = size
  const queue: (() => void)[] = []
  const leave = () => {
    const next = queue.shift()
    if (next) next()
    else free++
  }
  return {
    async enter(signal) {
      if (free > 0) {
        free--
        return leave
      }
      let turn = leave
      const called = new Promise<void>((resolve) => {
        turn = resolve
      })
      queue.push(turn)
      try {
        await unlessAborted(called, signal)
      } catch {
        const at = queue.indexOf(turn)
        // Its turn may have come in the moment in which it was cut.
        if (at < 0) leave()
        else queue.splice(at, 1)
        throw new SendError('transient', 'the call was cut before the SMSC had room for it')
      }
      return leave
    },
  }
}
