import type { ChildMessage, ChildSetting } from './child.ts'
import { fastClock } from './clock.ts'
import { type EngineSetting, openEngine } from './engines.ts'
import { BrokenInvariant, type Evidence, isInDoubt, isUnheard } from './invariants.ts'
import type { Child } from './process.ts'
import { startChild } from './process.ts'
import type { Fault } from './sabotage.ts'
import { type Plan, planOf } from './script.ts'
import { type Moment, openVendor, type Vendor } from './vendor.ts'

/** What a run has come to, in figures. */
export interface Figures {
  readonly kills: Readonly<Record<string, number>>
  readonly processes: number
  readonly notifications: number
  readonly requests: number
  readonly receipts: number
  /** Requests that a vendor who honours keys took for one it had already. */
  readonly repeated: number
  /** Sends whose result nobody saw because of a crash. */
  readonly inDoubt: number
  /** Deliveries on a channel that was beaten meanwhile, and that a crash kept from being heard. */
  readonly unheard: number
  /** Notifications that equal those of a run without crashes in every detail: no send of theirs was ever in doubt. */
  readonly untouched: number
  readonly seconds: number
}

/** A run under way: the vendor, the time, the children, and what was heard of them. */
export interface World {
  readonly vendor: Vendor
  readonly plans: readonly Plan[]
  /** Errors that children have told of. */
  readonly errors: readonly string[]
  /** More notifications to send. */
  add(count: number): void
  /** The numbers of those that are not acknowledged. */
  unsent(): number[]
  start(
    options: Pick<ChildSetting, 'works'> & Partial<Pick<ChildSetting, 'requests' | 'atATime' | 'concurrency' | 'fate'>>,
  ): Child
  /** Where receipts go from now on. */
  listenAt(child: () => Child | undefined): void
  countKill(how: string): void
  /** How many kills so far. */
  kills(): number
  /** Whether nothing will happen before a long time has passed: `over` once nothing will happen at all. */
  isQuiet(child: Child): Promise<'busy' | 'quiet' | 'over'>
  /** A day passes, and an hour: every silence is over. */
  leap(children: readonly Child[]): Promise<void>
  /** Throws once nothing has happened for so long that nothing will, though not all has settled. */
  expectProgress(): void
  evidence(): Promise<Evidence>
  figures(evidence: Evidence): Figures
  close(): Promise<void>
}

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number
  readonly engine: EngineSetting
  /** The bundled child. */
  readonly file: string
  /** How much faster than real time the run's clock goes. */
  readonly factor: number
  readonly fault?: Fault | undefined
  /** Told of whatever happens: what the vendor sees, and what the children tell. */
  readonly onMoment?: (moment: Moment | 'told', pid?: number) => void
}

const hour = 3_600_000
const oneLeap = 25 * hour
// In real milliseconds: many leases, on however slow a machine.
const patience = 60_000

/** Opens a world without a process. */
export async function openWorld({ seed, engine, file, factor, fault, onMoment = () => {} }: WorldOptions): Promise<World> {
  const start = Date.now()
  const clock = fastClock({ start, factor, leap: 0 })
  const plans: Plan[] = []
  const sent = new Map<number, { id: string; created: boolean }[]>()
  const told = new Map<string, { version: number; status: string | null }[]>()
  const errors: string[] = []
  const children = new Set<Child>()
  const kills: Record<string, number> = {}
  let listener: () => Child | undefined = () => undefined
  let leap = 0
  let processes = 0
  let heard = 0
  let latest = start
  const tick = (moment: Moment | 'told', pid?: number) => {
    latest = Date.now()
    onMoment(moment, pid)
  }

  const vendor = await openVendor({
    seed,
    plan: (number) => planOf(seed, number),
    webhook: () => listener()?.url,
    now: clock.now,
    onMoment: tick,
  })

  function hear(message: ChildMessage): void {
    heard++
    tick('told')
    if (message.type === 'sent') push(sent, message.number, message)
    else if (message.type === 'told') push(told, message.id, message)
    else if (message.type === 'error') errors.push(message.message)
  }

  const activity = () => heard + vendor.seen.length + vendor.outbox.taken

  return {
    vendor,
    plans,
    errors,
    add(count) {
      for (let added = 0; added < count; added++) plans.push(planOf(seed, plans.length))
    },
    unsent: () => plans.flatMap(({ number }) => (sent.has(number) ? [] : [number])),
    start({ works, requests = [], atATime = 4, concurrency = 8, fate = null }) {
      processes++
      const setting = {
        seed,
        clock: { start, factor, leap },
        engine,
        vendor: vendor.url,
        works,
        requests,
        atATime,
        concurrency,
        fate,
        fault: fault ?? null,
      }
      const child = startChild(file, setting, hear)
      children.add(child)
      void child.ended.then(() => children.delete(child))
      return child
    },
    listenAt(child) {
      listener = child
    },
    countKill(how) {
      kills[how] = (kills[how] ?? 0) + 1
    },
    kills: () => Object.values(kills).reduce((sum, count) => sum + count, 0),
    async isQuiet(child) {
      const before = activity()
      if (vendor.outbox.pending > 0 || plans.some(({ number }) => !sent.has(number))) return 'busy'
      const said = (await child.ask('/status')) as { dueIn: number | null } | undefined
      // What came in while it was asked may have begun something new.
      if (said === undefined || activity() !== before || vendor.outbox.pending > 0) return 'busy'
      if (said.dueIn === null) return 'over'
      return said.dueIn > hour ? 'quiet' : 'busy'
    },
    async leap(living) {
      leap += oneLeap
      clock.leapTo(leap)
      vendor.outbox.ripen()
      await Promise.all(living.map((child) => child.ask('/leap', { leap })))
    },
    expectProgress() {
      if (Date.now() - latest < patience) return
      const unsent = plans.filter(({ number }) => !sent.has(number)).length
      const state = `${unsent} requests are not acknowledged, ${vendor.outbox.pending} receipts are not taken`
      throw new BrokenInvariant(`every notification settles: nothing happens any more; ${state}; ${errors.slice(-3).join('; ')}`)
    },
    async evidence() {
      const { store, close } = await openEngine(engine, { clock, factor, onError: () => {} })
      const ids = [...new Set([...sent.values()].flat().map(({ id }) => id))]
      const found = await Promise.all(ids.map(async (id) => store.get(id)))
      await store.close?.()
      await close()
      const records = new Map(found.flatMap((record) => (record === undefined ? [] : [[record.id, record]])))
      return { plans, sent, seen: vendor.seen, told, records }
    },
    figures({ records }) {
      const count = (isMeant: typeof isInDoubt) =>
        plans.map(({ number, steps }) => {
          const record = records.get(sent.get(number)?.[0]?.id ?? '')
          return record === undefined ? 0 : steps.filter((step, index) => isMeant(step, index, record)).length
        })
      const sum = (counts: readonly number[]) => counts.reduce((total, next) => total + next, 0)
      const inDoubt = count(isInDoubt)
      const unheard = count(isUnheard)
      return {
        kills,
        processes,
        notifications: plans.length,
        requests: vendor.seen.length,
        receipts: vendor.outbox.taken,
        repeated: vendor.seen.filter(({ verdict }) => verdict === 'repeated').length,
        inDoubt: sum(inDoubt),
        unheard: sum(unheard),
        untouched: inDoubt.filter((doubts, index) => doubts === 0 && unheard[index] === 0).length,
        seconds: (Date.now() - start) / 1000,
      }
    },
    async close() {
      for (const child of children) child.signal('SIGKILL')
      await Promise.all([...children].map(({ ended }) => ended))
      await vendor.close()
    },
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
