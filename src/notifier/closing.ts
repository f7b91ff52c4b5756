import type { ChannelProvider } from '../contract/provider.ts'
import type { Scheduler } from '../contract/store.ts'
import type { Clock } from '../contract/time.ts'
import { thrownIn } from './classify.ts'
import type { Engine } from './engine.ts'
import type { Events } from './events.ts'
import type { Upkeep } from './upkeep.ts'
import { within } from './within.ts'

// Loaded at the end.

// Time for the results of calls that were cut to be stored.
const cutGrace = 1000
// A scheduler whose engine cannot be reached may take long to start, and need not be waited for.
const startGrace = 3000

/** What is at work until the end. */
export interface AtWork {
  readonly engine: Engine
  readonly scheduler: Scheduler
  /** Ends once the scheduler has been started, and upkeep with it. */
  readonly starting: Promise<void>
  readonly upkeep: () => Upkeep | undefined
  readonly providers: readonly ChannelProvider[]
  readonly clock: Clock
  readonly events: Events
}

/** Stops waking, waits for what is under way (`timeout` milliseconds for all of it, then it is cut), and lets go of the providers. */
export async function windDown(
  { engine, scheduler, starting, upkeep, providers, clock, events }: AtWork,
  timeout: number,
): Promise<void> {
  const deadline = clock.now() + timeout
  const left = () => Math.max(0, deadline - clock.now())
  const waitFor = (work: Promise<unknown>, limit: number) => within(work, limit, clock, () => {})
  await waitFor(starting, Math.min(left(), startGrace))
  // Neither may keep the rest from being let go, be it that its engine is away.
  for (const stop of [async () => upkeep()?.stop(), async () => scheduler.stop()]) {
    await waitFor(stop().catch(events.error), left())
  }
  await waitFor(engine.idle(), left())
  engine.cut()
  await waitFor(engine.idle(), cutGrace)
  await Promise.all(
    providers.map(async (provider) => {
      try {
        await waitFor((async () => provider.close?.())(), left() + cutGrace)
      } catch (error) {
        events.error(thrownIn('close', provider.name, error))
      }
    }),
  )
}
