import type { Receipt } from 'omnicascade'
import { createPoster } from './http.ts'
import type { Random } from './random.ts'

/** What the vendor posts to its customer: each receipt again and again, until it is answered 200. */
export interface Outbox {
  /** Posts receipts, each by itself, at about the same time. Resolves once all were taken. */
  post(receipts: readonly Receipt[]): Promise<void>
  /** Keeps receipts until they are released. */
  hold(receipts: readonly Receipt[]): void
  /** What was held before the time leapt last is posted; false if there is none. */
  release(): boolean
  /** From now on, what was held can be released. */
  ripen(): void
  /** Receipts that are not taken yet, besides those that are held. */
  readonly pending: number
  readonly held: number
  /** Receipts that were taken so far. */
  readonly taken: number
  close(): void
}

const spread = 12
const pause = 8

/** What an outbox needs. */
export interface OutboxOptions {
  /** Where to post to; undefined while nobody listens. */
  readonly webhook: () => string | undefined
  readonly random: Random
  readonly onTaken: () => void
}

/** An empty outbox. */
export function createOutbox({ webhook, random, onTaken }: OutboxOptions): Outbox {
  const { post: call, close } = createPoster()
  let green: Receipt[] = []
  let ripe: Receipt[] = []
  let pending = 0
  let taken = 0
  let closed = false

  const wait = (delay: number) => new Promise<void>((resolve) => setTimeout(resolve, delay))

  async function isTaken(receipt: Receipt): Promise<boolean> {
    const url = webhook()
    if (url === undefined) return false
    try {
      return (await call(`${url}/receipts`, [receipt], AbortSignal.timeout(5000))).status === 200
    } catch {
      return false
    }
  }

  async function deliver(receipt: Receipt): Promise<void> {
    await wait(random.below(spread))
    while (!closed && !(await isTaken(receipt))) await wait(pause)
    pending--
    taken++
    onTaken()
  }

  async function post(receipts: readonly Receipt[]): Promise<void> {
    pending += receipts.length
    await Promise.all(receipts.map(deliver))
  }

  return {
    post,
    hold: (receipts) => void green.push(...receipts),
    release() {
      const released = ripe
      ripe = []
      void post(released)
      return released.length > 0
    },
    ripen() {
      ripe.push(...green)
      green = []
    },
    get pending() {
      return pending
    },
    get held() {
      return green.length + ripe.length
    },
    get taken() {
      return taken
    },
    close() {
      closed = true
      close()
    },
  }
}
