// One contender: sends as fast as it can, one notification after the other.
import { type Work, workAs } from '../kit/worker.ts'
import { type Counts, type Send, senders } from './senders.ts'

/** Who sends. */
export type Name = keyof typeof senders

/** What one process is to do. */
export interface Task {
  readonly name: Name
  /** Whether the first provider refuses. */
  readonly fallback: boolean
  /** Milliseconds for the compiler, before it counts. */
  readonly warmUp: number
}

// So that looking at the clock costs nothing.
const batch = 200

async function start({ name, fallback, warmUp }: Task): Promise<Work> {
  const counts: Counts = { accepted: 0, refused: 0 }
  const { send, settle }: Send = await senders[name](counts, fallback)

  /** Processor time, its threads for collecting garbage and compiling included: a busy machine makes clocks on walls tell of others. */
  async function run(milliseconds: number): Promise<number> {
    counts.accepted = 0
    counts.refused = 0
    let sent = 0
    const before = process.cpuUsage()
    for (const until = performance.now() + milliseconds; performance.now() < until; sent += batch) {
      for (let index = 0; index < batch; index++) await send()
      await settle?.()
    }
    if (counts.accepted !== sent || counts.refused !== (fallback ? sent : 0)) throw new Error(`${name} has not sent them all`)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / sent
  }

  await run(warmUp)
  return { run }
}

await workAs(start)
