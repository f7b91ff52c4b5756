import type { Clock } from '../../contract/time.ts'
import type { Names } from './names.ts'
import type { PostgresClient, PostgresPool } from './pool.ts'
import { decodeText } from './text.ts'

const firstDelay = 100
const slowestDelay = 10_000

/** Hears what other stores announce, on one connection, for as long as somebody watches. */
export interface Listener {
  watch(onChange: (id: string | null) => void): Promise<() => Promise<void>>
  end(): Promise<void>
}

/** `own` is what this store's own announcements begin with: they are no news. */
export function createListener(pool: PostgresPool, { channel }: Names, clock: Clock, own: string): Listener {
  const watchers = new Set<{ readonly onChange: (id: string | null) => void }>()
  let isEnded = false
  let listening: { readonly stop: () => void; readonly tried: Promise<void> } | undefined

  function tell(id: string | null): void {
    for (const { onChange } of [...watchers]) onChange(id)
  }

  function hear(payload: string | undefined): void {
    const [from, ...ids] = (payload ?? '').split('\n')
    if (from === own) return
    if (ids.length === 0) return tell(null)
    for (const id of ids) tell(nameOf(id))
  }

  /** Listens until it is stopped; `tried` is over once the first try to connect is. */
  function listen(): { readonly stop: () => void; readonly tried: Promise<void> } {
    let isStopped = false
    let client: PostgresClient | undefined
    let cancelTimer: (() => void) | undefined
    let delay = firstDelay

    function lose(): void {
      leave(true)
      if (isStopped) return
      cancelTimer?.()
      cancelTimer = clock.setTimer(delay, () => void connect(true))
      delay = Math.min(2 * delay, slowestDelay)
    }

    function leave(isBroken: boolean): void {
      const left = client
      client = undefined
      if (left === undefined) return
      left.removeAllListeners('notification')
      left.removeListener('end', lose)
      left.removeListener('error', lose)
      left.release(isBroken)
    }

    async function connect(isAgain: boolean): Promise<void> {
      let lent: PostgresClient | undefined
      try {
        lent = await pool.connect()
        client = lent
        lent.on('error', lose)
        lent.on('end', lose)
        lent.on('notification', ({ payload }) => hear(payload))
        if (isStopped) return leave(true)
        await lent.query(`listen "${channel}"`)
        if (isStopped) return leave(true)
        if (client !== lent) return
        delay = firstDelay
        // Something may have been said meanwhile.
        if (isAgain) tell(null)
      } catch {
        // If it was lost while it asked, that has been seen to.
        if (lent === undefined || client === lent) lose()
      }
    }

    let giveUp = () => {}
    const stopped = new Promise<void>((resolve) => {
      giveUp = resolve
    })
    return {
      tried: Promise.race([connect(false), stopped]),
      // A connection that comes later, of a pool that has none to give just now, is let go then.
      stop() {
        isStopped = true
        giveUp()
        cancelTimer?.()
        // Closed rather than given back: it would go on listening.
        leave(true)
      },
    }
  }

  function stop(): void {
    listening?.stop()
    listening = undefined
  }

  return {
    async watch(onChange) {
      if (isEnded) return async () => {}
      const watcher = { onChange }
      watchers.add(watcher)
      listening ??= listen()
      await listening.tried
      return async () => {
        if (watchers.delete(watcher) && watchers.size === 0) stop()
      }
    },
    async end() {
      isEnded = true
      watchers.clear()
      stop()
    },
  }
}

/** An id, or null where only its hash was said, or nothing of ours. */
function nameOf(encoded: string): string | null {
  try {
    return decodeText(encoded) ?? null
  } catch {
    return null
  }
}
