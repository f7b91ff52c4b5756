import { Agent, request } from 'node:http'
import type { Random } from '../crash/random.ts'
import type { Moment } from './script.ts'
import type { Posted, Wire } from './wires.ts'

/** What a vendor posts to its customer: each report again and again, until it is answered 200. */
export interface Outbox {
  put(report: Posted, moment: Moment): void
  /** Posts a report at once; resolves once it was taken. */
  hasten(report: Posted): Promise<void>
  /** Reports that are not taken yet. */
  readonly pending: number
  readonly posts: number
  /** Posts that had to be repeated: not answered 200, or cut by the vendor itself. */
  readonly repeated: number
  close(): void
}

/** What an outbox needs. Delays are real milliseconds. */
export interface OutboxOptions {
  readonly wire: Wire
  readonly webhook: string
  readonly random: Random
  readonly delays: Readonly<Record<Moment, number>>
  /** The run's own time. */
  readonly now: () => number
  readonly onTaken: (report: Posted) => void
}

interface Waiting {
  readonly report: Posted
  readonly due: number
}

const every = 50
const postsAtATime = 24
const cutOneIn = 300
const pause = 20

/** Reports wait in one queue for each moment: in each of them, the next that is due stands first. */
export function createOutbox({ wire, webhook, random, delays, now, onTaken }: OutboxOptions): Outbox {
  const agent = new Agent({ keepAlive: true, maxSockets: postsAtATime + 4 })
  // The oldest first.
  const queues = { late: queue(), later: queue(), soon: queue() }
  let pending = 0
  let posts = 0
  let repeated = 0
  let posting = 0
  let isClosed = false

  /** One post; now and then the vendor hangs up before it has heard the answer. */
  function call(body: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
    posts++
    const isCut = random.below(cutOneIn) === 0
    return new Promise((resolve) => {
      const length = { 'content-length': String(Buffer.byteLength(body)) }
      const sent = request(webhook, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode === 200))
        response.on('error', () => resolve(false))
      })
      sent.on('error', () => resolve(false))
      sent.end(body, () => {
        if (isCut) sent.destroy()
      })
    })
  }

  async function post(reports: readonly Posted[]): Promise<void> {
    if (wire.post === undefined) return
    while (!isClosed) {
      const { body, headers } = await wire.post(reports, now())
      if (await call(body, headers)) break
      repeated++
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
    pending -= reports.length
    for (const report of reports) onTaken(report)
  }

  function pump(): void {
    const time = performance.now()
    for (const waiting of Object.values(queues)) {
      while (posting < postsAtATime) {
        const batch = waiting.takeDue(time, wire.perPost ?? 1)
        if (batch.length === 0) break
        posting++
        void post(batch).then(() => {
          posting--
          pump()
        })
      }
    }
  }

  const timer = setInterval(pump, every)
  return {
    put(report, moment) {
      pending++
      queues[moment].add({ report, due: performance.now() + delays[moment] })
    },
    hasten(report) {
      pending++
      return post([report])
    },
    get pending() {
      return pending
    },
    get posts() {
      return posts
    },
    get repeated() {
      return repeated
    },
    close() {
      isClosed = true
      clearInterval(timer)
      agent.destroy()
    },
  }
}

function queue() {
  let items: Waiting[] = []
  let head = 0
  return {
    add: (item: Waiting) => void items.push(item),
    takeDue(time: number, most: number): Posted[] {
      const from = head
      while (head < items.length && head - from < most && (items[head]?.due ?? 0) <= time) head++
      const taken = items.slice(from, head).map(({ report }) => report)
      if (head > 1000 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return taken
    },
  }
}
