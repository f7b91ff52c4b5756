import { closedError, isFault, storeErrorOf } from './errors.ts'
import type { GroupCommitContext } from './group-commit.ts'
import { unlessLocked } from './locked.ts'
import { rollback } from './schema.ts'

/** Lets concurrent readers share one look at the file. */
export interface GroupRead {
  /** Resolves to what `query` gives, which is synchronous and may be run more than once; rejects with a `StoreError`. */
  read<T>(query: () => T): Promise<T>
  /** Takes no more reads; those it has are not waited for beyond the present turn of the event loop. */
  close(): void
}

interface Read {
  readonly query: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Gathers the reads of one moment: to lock the file and let go of it takes longer than most of them do. */
export function createGroupRead({ db, clock, lockTimeout }: GroupCommitContext): GroupRead {
  const begin = db.prepare('begin')
  const end = db.prepare('end')
  let queue: Read[] = []
  let isClosed = false

  function flush(): void {
    const batch = queue
    queue = []
    const isShared = batch.length > 1 && tryBegin()
    const locked = batch.filter((read) => !answer(read))
    if (isShared) endShared()
    for (const { query, resolve, reject } of locked) unlessLocked(() => orClosed(query), clock, lockTimeout).then(resolve, reject)
  }

  /** False if another process holds the file. */
  function answer({ query, resolve, reject }: Read): boolean {
    try {
      resolve(query())
    } catch (error) {
      const known = storeErrorOf(error)
      if (isFault(known, 'locked')) return false
      reject(known)
    }
    return true
  }

  /** Where it fails, each reads by itself. */
  function tryBegin(): boolean {
    try {
      begin.run()
      return true
    } catch {
      return false
    }
  }

  function endShared(): void {
    try {
      end.run()
    } catch {
      rollback(db)
    }
  }

  function orClosed<T>(query: () => T): T {
    if (isClosed) throw closedError()
    return query()
  }

  return {
    read<T>(query: () => T) {
      if (isClosed) return Promise.reject(closedError())
      return new Promise<T>((resolve, reject) => {
        queue.push({ query, resolve: resolve as (value: unknown) => void, reject })
        // By then everyone who can go on has asked.
        if (queue.length === 1) queueMicrotask(flush)
      })
    },
    close() {
      isClosed = true
    },
  }
}
