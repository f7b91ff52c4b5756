// One process at a time, killed over and over while it works, and started again, until everything has settled.

import type { EngineSetting } from './engines.ts'
import type { Evidence } from './invariants.ts'
import { type Point, points } from './points.ts'
import type { Child } from './process.ts'
import { createRandom } from './random.ts'
import type { Fault } from './sabotage.ts'
import { type Figures, openWorld } from './world.ts'

/** What a run is to be like. */
export interface SurviveOptions {
  readonly seed: number
  readonly engine: EngineSetting
  readonly file: string
  /** How many kills at least; 0 for a run without crashes. */
  readonly kills: number
  /** How many notifications are sent between two leaps of the time. */
  readonly atOnce: number
  readonly factor?: number
  readonly fault?: Fault
}

/** What a run comes to. */
export interface Survived {
  readonly evidence: Evidence
  readonly figures: Figures
  /** What went wrong in the background. */
  readonly errors: readonly string[]
}

// How much a process may see happen before it dies, in moments: the kills keep step with the work, however slow the machine.
const longestLife = 120
const look = 20
const mostTries = 8
const ways = (['point', 'moment', 'any moment', 'starting', 'closing'] as const).flatMap((way, index) =>
  Array<typeof way>([11, 4, 4, 1, 1][index] ?? 0).fill(way),
)

/** Runs until there were enough kills, and then until all has settled. */
export async function survive({ seed, engine, file, kills, atOnce, factor = 150, fault }: SurviveOptions): Promise<Survived> {
  const random = createRandom(seed, 0x11fe)
  let current: Child | undefined
  // What it was asked to send.
  let given = new Set<number>()
  let onMoment = (_moment: string) => {}
  const world = await openWorld({ seed, engine, file, factor, fault, onMoment: (moment) => onMoment(moment) })
  world.listenAt(() => current)
  let isOver = false
  let due: Point[] = []
  let tried: Point | undefined
  let tries = 0

  /** Each point in its turn, and then anew. */
  function nextPoint(): Point {
    if (tried !== undefined) return tried
    if (due.length === 0)
      due = random.shuffled(engine.engine === 'sqlite' ? points : points.filter((point) => point !== 'commit'))
    return due.pop() ?? 'insert.before'
  }

  /** How a process ends: by itself at a named point, by the vendor's hand in a call, at any moment, before it is up, or as it should. */
  async function live(): Promise<void> {
    const isMortal = world.kills() < kills
    const way = isMortal ? random.pick(ways) : 'lives'
    const point = way === 'point' ? nextPoint() : undefined
    const requests = random.shuffled(world.unsent())
    const child = world.start({
      works: true,
      requests,
      ...(kills > 0 ? { atATime: 1 + random.below(4), concurrency: 1 + random.below(8) } : { atATime: 32, concurrency: 64 }),
      ...(point !== undefined && { fate: { point, passing: tried === point ? 1 : 1 + random.below(random.pick([2, 6, 24])) } }),
    })
    current = child
    given = new Set(requests)
    let by: string = point ?? way
    const kill = (how: string) => {
      if (child.isOver || child.wasKilled) return
      by = how
      child.signal('SIGKILL')
    }
    const fatal = random.pick(['vendor.taken', 'vendor.answered', 'receipt.answered'])
    const delay = random.pick([0, 0, 1, 3, 8])
    let left = way === 'point' ? longestLife : 1 + random.below(way === 'moment' ? 16 : longestLife)
    if (way === 'starting') void wait(10 + random.below(120)).then(() => kill(way))
    onMoment = (moment) => {
      if (!isMortal || child !== current || (way === 'moment' && moment !== fatal) || --left !== 0) return
      if (way === 'moment') return kill(fatal)
      void wait(delay).then(() => (way === 'closing' ? child.signal('SIGTERM') : kill('any moment')))
    }
    await child.ended
    if (child.wasKilled && !isOver) world.countKill(by)
    // One that was not reached is tried again, at its first passing: some are rare.
    if (point === undefined) return
    tries = by !== point && tries < mostTries ? tries + 1 : 0
    tried = tries > 0 ? point : undefined
  }

  /** Lets time pass whenever only time is waited for, and sends more while there are kills to come. */
  async function rule(): Promise<void> {
    for (world.add(atOnce); ; await wait(look)) {
      world.expectProgress()
      const child = current
      if (child === undefined) continue
      const more = world.unsent().filter((number) => !given.has(number))
      if (more.length > 0 && (await child.ask('/send', more)) !== undefined) for (const number of more) given.add(number)
      const state = await world.isQuiet(child)
      if (state === 'busy' || world.vendor.outbox.release()) continue
      const isEnough = world.kills() >= kills
      if (state === 'over' && isEnough && world.vendor.outbox.held === 0) return
      await world.leap(child.isOver ? [] : [child])
      if (!isEnough) world.add(atOnce)
    }
  }

  try {
    const ruling = rule().finally(() => {
      isOver = true
      current?.signal('SIGKILL')
    })
    // It is waited for below; until then nobody would see it fail.
    ruling.catch(() => {})
    while (!isOver) await live()
    await ruling
    const evidence = await world.evidence()
    return { evidence, figures: world.figures(evidence), errors: world.errors }
  } finally {
    await world.close()
  }
}

function wait(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay))
}
