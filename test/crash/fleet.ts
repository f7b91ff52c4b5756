// Several processes on one database: a front, a webhook process and four workers, and what can happen to them.
import { setTimeout as wait } from 'node:timers/promises'
import type { EngineSetting } from './engines.ts'
import type { Child } from './process.ts'
import { createRandom } from './random.ts'
import type { OwnServer } from './servers.ts'
import type { Survived } from './survive.ts'
import { openWorld } from './world.ts'

/** What happens to a fleet, in this order, each in the midst of work. */
export type Blow = 'kill a worker' | 'stop a worker past its lease' | 'cut the connections' | 'restart the database'

/** What a fleet's run is to be like. */
export interface FleetOptions {
  readonly seed: number
  readonly engine: EngineSetting
  readonly file: string
  readonly server: OwnServer
  readonly blows: readonly Blow[]
  /** Notifications sent before each blow. */
  readonly atOnce: number
}

// A lease of a minute is 1.2 s, and clocks that are 5 s apart are 0.1 s apart.
const factor = 50
const pastLease = (60_000 + 30_000) / factor
const workers = 4

/** Runs a fleet through all that happens to it, and until everything has settled. */
export async function sail({ seed, engine, file, server, blows, atOnce }: FleetOptions): Promise<Survived> {
  const random = createRandom(seed, 0xf1ee)
  let moments = 0
  let onCall = (_pid: number) => {}
  const onMoment = (_moment: string, pid?: number) => {
    moments++
    if (pid !== undefined) onCall(pid)
  }
  const world = await openWorld({ seed, engine, file, factor, onMoment })
  const start = (works: boolean) => world.start({ works, atATime: 8, concurrency: 16 })
  const front = start(false)
  const hooks = start(false)
  const crew = Array.from({ length: workers }, () => start(true))
  world.listenAt(() => hooks)

  /** Goes on once this much has happened, or nothing happens any more. */
  async function work(amount: number): Promise<void> {
    const goal = moments + amount
    for (let last = -1; moments < goal && moments !== last; await wait(500)) last = moments
  }

  /** Signals a worker in the middle of a call: the vendor has its request, and has not answered. One that has nothing to do is struck all the same. */
  async function signalInCall(worker: Child, name: NodeJS.Signals): Promise<void> {
    const waiting = new AbortController()
    let left = 1 + random.below(5)
    onCall = (pid) => {
      if (pid !== worker.pid || --left !== 0) return
      worker.signal(name)
      waiting.abort()
    }
    await wait(3000, undefined, waiting).then(
      () => worker.signal(name),
      () => {},
    )
    onCall = () => {}
  }

  async function strike(blow: Blow): Promise<void> {
    const index = random.below(crew.length)
    const worker = crew[index]
    if (worker === undefined) return
    if (blow === 'kill a worker') {
      await signalInCall(worker, 'SIGKILL')
      await worker.ended
      crew[index] = start(true)
    } else if (blow === 'stop a worker past its lease') {
      await signalInCall(worker, 'SIGSTOP')
      await wait(pastLease)
      worker.signal('SIGCONT')
    } else if (blow === 'cut the connections') await server.cut()
    else await server.restart()
    world.countKill(blow)
  }

  /** A request whose answer was an error is sent again, under its key. */
  async function send(): Promise<void> {
    await front.ask('/send', world.unsent())
  }

  async function settle(): Promise<void> {
    const everyone = (): Child[] => [front, hooks, ...crew]
    for (let idle = 0; ; await wait(50)) {
      world.expectProgress()
      const before = moments
      if (world.unsent().length > 0 && ++idle % 20 === 0) await send()
      const state = await world.isQuiet(hooks)
      if (state === 'busy' || world.vendor.outbox.release() || moments !== before) continue
      if (state === 'over' && world.vendor.outbox.held === 0) return
      await world.leap(everyone())
    }
  }

  try {
    await Promise.all([front.up, hooks.up, ...crew.map(({ up }) => up)])
    for (const blow of blows) {
      world.add(atOnce)
      const isAtOnce = blow === 'kill a worker' || blow === 'stop a worker past its lease'
      const striking = isAtOnce ? strike(blow) : undefined
      await send()
      if (striking === undefined) await work(random.below(2 * atOnce))
      await (striking ?? strike(blow))
      await work(atOnce)
    }
    await settle()
    const evidence = await world.evidence()
    return { evidence, figures: world.figures(evidence), errors: world.errors }
  } finally {
    await world.close()
  }
}
