import type { Channel } from '../contract/channel.ts'
import { RequestError } from '../contract/errors.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRequest } from '../contract/request.ts'
import type { Suppression } from '../contract/suppression.ts'
import type { Clock } from '../contract/time.ts'
import { type ChannelOf, createNotifier } from '../notifier/create-notifier.ts'
import type { Notifier, NotifierOptions } from '../notifier/notifier.ts'
import { doubleOf, providerOfEachChannel, type Stage } from './doubles.ts'
import { type Outbox, outboxOf, type SentMessage } from './outbox.ts'
import { type Script, type ScriptedCall, scriptAfter } from './script.ts'
import { joinClock, loadAll, steppedClock, turn, type VirtualClock } from './virtual-clock.ts'

/**
 * The app's own options, and when the test starts. Its providers give their names, channels, receipts and limits, and are not called; its `store`,
 * `scheduler` and `callProviders` make way for memory and virtual time.
 */
export interface TestNotifierOptions<P extends readonly ChannelProvider[]> extends Partial<NotifierOptions<P>> {
  /** When the clock starts: Unix milliseconds. Default: noon of 5 January 2026, a Monday, in UTC. Refused beside a virtual `clock`. */
  readonly start?: number
  /** One of `virtualClock`, which preferences, say, need before there is a notifier. Any other, such as the app's own, makes way for such a one. */
  readonly clock?: Clock
}

/** A notifier whose time and vendors are the test's. */
export interface TestNotifier<C extends Channel = Channel> extends Notifier<C> {
  /** Moves when it is told to, and lets all work that is due be done, the app's hooks included. */
  readonly clock: VirtualClock
  /** Says what calls on a channel, or to a provider, come to from now on. Throws a `RequestError` for a name that nobody has. */
  whenSending(name: C | (string & {})): Script
  readonly outbox: Outbox<C>
}

type Busy = Set<Promise<unknown>>

// What a hook does outside of this process takes real time; one that is silent for longer is left to the virtual one.
const patience = 1000
const { setTimeout: later, clearTimeout: never } = globalThis

/** A notifier for tests, with the app's own options or, without `providers`, one for each channel. Nothing leaves the process. */
export function createTestNotifier<const P extends readonly ChannelProvider[] = readonly ChannelProvider[]>(
  options: TestNotifierOptions<P> = {},
): TestNotifier<ChannelOf<P>> {
  const { start, clock: given, store, scheduler, callProviders, providers, ...kept } = options
  const scripts = new Map<string, { readonly calls: readonly ScriptedCall[]; next: number }>()
  const sent: SentMessage[] = []
  const receipts: Busy = new Set()
  const hooks: Busy = new Set()
  let activity = 0
  let count = 0

  function track<T>(busy: Busy, work: T): T {
    if (!(work instanceof Promise)) return work
    const ended = () => {
      activity++
      busy.delete(work)
    }
    activity++
    busy.add(work)
    work.then(ended, ended)
    return work
  }

  /** Lets all be done that can be, until nothing new comes of it. */
  async function settle(...awaited: readonly Busy[]): Promise<void> {
    for (let seen = -1; seen !== activity; ) {
      seen = activity
      await turn()
      for (const busy of awaited) if (busy.size > 0) await oneOf(busy)
    }
  }

  async function settled<T>(work: Promise<T>): Promise<T> {
    await loadAll()
    const result = await work
    // A hook may be what sends: it must not wait for itself.
    await settle(receipts)
    return result
  }

  const settleAll = () => settle(receipts, hooks)
  const shared = joinClock(given, settleAll)
  if (shared !== undefined && start !== undefined)
    throw new RequestError('createTestNotifier', [
      { path: 'start', message: 'is for virtualClock(start), since a clock is given' },
    ])
  const clock = shared ?? steppedClock(start ?? Date.UTC(2026, 0, 5, 12), settleAll)
  const stage: Stage = {
    clock,
    sent,
    scripted(provider, { channel }) {
      const script = scripts.get(provider) ?? scripts.get(channel)
      return script?.calls[Math.min(script.next++, script.calls.length - 1)]
    },
    report: (receipt) => notifier.ingest([receipt]),
    track: (work) => void track(receipts, work),
  }
  const doubles: readonly ChannelProvider[] = (providers ?? providerOfEachChannel()).map((provider) => doubleOf(provider, stage))
  const names = new Set<string>(doubles.flatMap((double) => [double.name, ...double.channels]))
  const notifier = createNotifier({
    random: () => 0.5,
    createId: () => `notification-${++count}`,
    ...kept,
    ...awaited(kept, (work) => track(hooks, work)),
    providers: doubles,
    clock,
  })

  /** Time goes on until calls under way have ended, or are cut. */
  async function close(options?: Parameters<typeof notifier.close>[0]): Promise<void> {
    let isOpen = true
    const ended = () => {
      isOpen = false
    }
    await loadAll()
    const closing = notifier.close(options)
    closing.then(ended, ended)
    await clock.advance(0)
    while (isOpen) await clock.advance('1s')
    await closing
  }

  return {
    ...notifier,
    close,
    send: (request: NotificationRequest) => settled(notifier.send(request as never)),
    cancel: (id) => settled(notifier.cancel(id)),
    ingest: (incoming) => settled(notifier.ingest(incoming)),
    clock,
    outbox: outboxOf(sent),
    whenSending(name) {
      if (!names.has(name))
        throw new RequestError('whenSending', [{ path: 'name', message: `is none of ${[...names].join(', ')}` }])
      scripts.delete(name)
      return scriptAfter([], (calls) => scripts.set(name, { calls, next: 0 }))
    },
  }
}

/** The app's hooks, each promise of which is given to `track`. */
function awaited(
  { beforeSend, onSettled, suppression, links }: Partial<NotifierOptions<readonly ChannelProvider[]>>,
  track: <T>(work: T) => T,
) {
  return {
    ...(beforeSend && { beforeSend: (...given: Parameters<typeof beforeSend>) => track(beforeSend(...given)) }),
    ...(onSettled && { onSettled: (...given: Parameters<typeof onSettled>) => track(onSettled(...given)) }),
    ...(links && {
      links: {
        channels: links.channels,
        rewrite: (...given: Parameters<typeof links.rewrite>) => track(links.rewrite(...given)),
      },
    }),
    ...(suppression && {
      suppression: {
        isSuppressed: (...given: Parameters<typeof suppression.isSuppressed>) => track(suppression.isSuppressed(...given)),
        add: (suppressed: Suppression) => track(suppression.add?.(suppressed)),
      },
    }),
  }
}

/** Waits until one of them has ended; those that take too long are waited for no more. */
async function oneOf(busy: Busy): Promise<void> {
  let timer: ReturnType<typeof later> | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = later(() => {
      busy.clear()
      resolve()
    }, patience)
  })
  await Promise.race([...busy, tooLong]).catch(() => {})
  never(timer)
}
