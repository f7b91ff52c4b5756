import type { DatabaseSync } from 'node:sqlite'
import { isOmnicascadeError, type OmnicascadeError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { closedError, commitErrorOf, isFault, storeErrorOf } from './errors.ts'
import { nextPause } from './locked.ts'
import { rollback } from './schema.ts'

// A transaction holds up the event loop, and other processes, for as long as it takes: a few milliseconds.
const mostWrites = 512
const mostCharacters = 4_000_000

/** What group commit needs: the connection, the time, and how long a write waits for another process, in milliseconds. */
export interface GroupCommitContext {
  readonly db: DatabaseSync
  readonly clock: Clock
  readonly lockTimeout: number
}

/** Lets concurrent writers share one transaction, and so one wait for the disk. */
export interface GroupCommit {
  /**
   * Resolves to what `run` gave once it is committed; `run` is synchronous, and may be run more than once. If it throws an
   * `OmnicascadeError`, it has written nothing, and only its own promise rejects. `characters` is about how much it writes.
   */
  write<T>(run: () => T, characters: number): Promise<T>
  /** Takes no more writes, and resolves once those it has are committed or have failed. */
  close(): Promise<void>
}

interface Write {
  readonly run: () => unknown
  readonly characters: number
  readonly since: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: OmnicascadeError) => void
  /** It was part of a transaction that failed, perhaps through another's fault. */
  alone: boolean
}

type Result = { readonly value: unknown } | { readonly error: OmnicascadeError }

/** Gathers the writes of one turn of the event loop, and commits them together. */
export function createGroupCommit({ db, clock, lockTimeout }: GroupCommitContext): GroupCommit {
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  let queue: Write[] = []
  let isScheduled = false
  let pause = 0
  let onDrained: (() => void) | undefined
  let isClosed = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    // An immediate runs once every writer that can go on has gone on; a writer by itself waits for nothing.
    setImmediate(flush)
  }

  function flush(): void {
    isScheduled = false
    const batch = take()
    try {
      begin.run()
    } catch (error) {
      queue = [...batch, ...queue]
      return retryLater(storeErrorOf(error))
    }
    pause = 0
    commitAll(batch)
    if (queue.length > 0) schedule()
    else onDrained?.()
  }

  function take(): Write[] {
    let count = 0
    let characters = 0
    for (const write of queue) {
      if (count > 0 && (write.alone || queue[0]?.alone || count === mostWrites || characters + write.characters > mostCharacters))
        break
      count++
      characters += write.characters
    }
    const batch = queue.slice(0, count)
    queue = count === queue.length ? [] : queue.slice(count)
    return batch
  }

  function commitAll(batch: readonly Write[]): void {
    const results: Result[] = []
    try {
      for (const write of batch) results.push(resultOf(write))
    } catch (error) {
      rollback(db)
      return giveBack(batch, storeErrorOf(error))
    }
    try {
      commit.run()
    } catch (error) {
      rollback(db)
      return rejectAll(batch, commitErrorOf(error))
    }
    batch.forEach((write, index) => {
      const result = results[index]
      if (result === undefined) return
      if ('error' in result) write.reject(result.error)
      else write.resolve(result.value)
    })
  }

  /** A full disk is everyone's fault; what may be one write's own must not fail the others: each is tried by itself. */
  function giveBack(batch: readonly Write[], error: OmnicascadeError): void {
    if (batch.length === 1 || !isFault(error, 'refused', 'corrupt')) return rejectAll(batch, error)
    for (const write of batch) write.alone = true
    queue = [...batch, ...queue]
  }

  /** Whoever has waited too long is told so; the rest wait on, without holding up the process. */
  function retryLater(error: OmnicascadeError): void {
    const isLocked = isFault(error, 'locked')
    // A transaction that could not be ended before would keep every later one from beginning.
    if (!isLocked) rollback(db)
    const now = clock.now()
    const failed = queue.filter(({ since }) => !isLocked || now - since >= lockTimeout)
    queue = queue.filter(({ since }) => isLocked && now - since < lockTimeout)
    rejectAll(failed, error)
    if (queue.length === 0) {
      pause = 0
      return onDrained?.()
    }
    isScheduled = true
    pause = nextPause(pause)
    clock.setTimer(pause, flush)
  }

  return {
    write<T>(run: () => T, characters: number) {
      if (isClosed) return Promise.reject(closedError())
      return new Promise<T>((resolve, reject) => {
        queue.push({ run, characters, since: clock.now(), resolve: resolve as (value: unknown) => void, reject, alone: false })
        schedule()
      })
    },
    close() {
      isClosed = true
      return queue.length === 0 ? Promise.resolve() : new Promise((resolve) => (onDrained = resolve))
    },
  }
}

function resultOf({ run }: Write): Result {
  try {
    return { value: run() }
  } catch (error) {
    if (isOmnicascadeError(error)) return { error }
    throw error
  }
}

function rejectAll(batch: readonly Write[], error: OmnicascadeError): void {
  for (const write of batch) write.reject(error)
}
