import { receiptsOf } from '../../cascade/address.ts'
import type { ChannelProvider } from '../../contract/provider.ts'
import type { NotificationRequest } from '../../contract/request.ts'
import { createNotifier } from '../../notifier/create-notifier.ts'
import { memoryStore } from '../../notifier/memory-store.ts'
import type { NotifierOptions } from '../../notifier/notifier.ts'
import { doubleOf, type Stage } from '../doubles.ts'
import { steppedClock, turn } from '../virtual-clock.ts'
import { draw } from './draw.ts'
import { randomOf } from './random.ts'
import type { Arrival, Run } from './result.ts'
import { behaviourOf, type Scenario } from './scenario.ts'

type Options = NotifierOptions<readonly ChannelProvider[]>

/** What is run, and in which world. */
export interface Trial
  extends Pick<Options, 'providers'>,
    Required<Pick<Options, 'prices'>>,
    Partial<Pick<Options, 'defaults' | 'retry' | 'routing' | 'reliability'>> {
  readonly request: NotificationRequest
  readonly scenario: Scenario
  readonly seed: number
  /** Unix milliseconds. */
  readonly start: number
}

// What has not settled by then never will.
const horizon = 30 * 86_400_000

/** Runs a batch, a notification for each id: one notifier and one clock for all. Rejects with the first error that the notifier has told. */
export async function runAll(ids: readonly string[], trial: Trial): Promise<readonly Run[]> {
  const { request, scenario, providers, prices, defaults, retry, routing, reliability, seed, start } = trial
  const underWay = new Set<Promise<unknown>>()
  const clock = steppedClock(start, async () => {
    do await turn()
    while (underWay.size > 0)
  })
  const arrivals = new Map<string, Arrival[]>(ids.map((id) => [id, []]))
  const store = memoryStore({ keepSettled: Number.POSITIVE_INFINITY })
  const stage: Stage = {
    clock,
    sent: [],
    scripted(name, { channel, idempotencyKey, notificationId }) {
      const provider = providers.find((candidate) => candidate.name === name)!
      const drawn = draw(behaviourOf(scenario, name, channel), receiptsOf(provider, channel), randomOf(seed, idempotencyKey))
      if (drawn.arrivesAfter !== null)
        arrivals.get(notificationId)!.push({ idempotencyKey, step: stepOf(idempotencyKey), at: clock.now() + drawn.arrivesAfter })
      return drawn.call
    },
    recalled(key) {
      const [id = ''] = key.split('.')
      const isLeft = ({ idempotencyKey, at }: Arrival) => idempotencyKey !== key || at <= clock.now()
      arrivals.set(id, arrivals.get(id)!.filter(isLeft))
    },
    report: (receipt) => notifier.ingest([receipt]),
    track(work) {
      underWay.add(work)
      const ended = () => underWay.delete(work)
      work.then(ended, ended)
    },
  }
  const next = ids.values()
  const random = randomOf(seed, `retries ${ids[0]}`)
  const notifier = createNotifier({
    providers: providers.map((provider) => doubleOf(provider, stage)),
    prices,
    ...(defaults && { defaults }),
    ...(retry && { retry }),
    ...(routing && { routing }),
    ...(reliability && { reliability }),
    // No run opens a circuit for another.
    breaker: { threshold: Number.MAX_SAFE_INTEGER, coolDown: 0 },
    store,
    clock,
    random,
    createId: () => next.next().value!,
  })
  const faults: Error[] = []
  notifier.on('error', ({ error }) => void faults.push(error))
  for (const _ of ids) await notifier.send(request as never)
  await clock.advanceTo(start + horizon)
  if (faults[0] !== undefined) throw faults[0]
  return Promise.all(ids.map(async (id) => ({ record: (await store.get(id))!, arrivals: arrivals.get(id)! })))
}

/** The step of a call, from its `${notification}.${step}.${attempt}`. */
function stepOf(idempotencyKey: string): number {
  return Number(idempotencyKey.split('.')[1])
}
