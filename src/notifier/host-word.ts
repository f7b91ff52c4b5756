import { addressFor, serves } from '../cascade/address.ts'
import type { Address, Channel } from '../contract/channel.ts'
import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { chain, guarded } from './awaitable.ts'
import type { Begin, BeginContext, Prepared } from './begin.ts'
import { within } from './within.ts'

/** Whether the app has an address on its list of those that are not to be written to. */
export type IsSuppressed = (channel: Channel, address: Address) => boolean

// A hook that fails is tried again this often.
const holdTime = 60_000
// A hook that has not answered by then is not waited for.
const hookTimeout = 30_000
// A hook that only ever names the past must not keep its step spinning.
const shortestWait = 1000
const silent = (hook: string) => `${hook} did not answer in time: its step is held for a minute`
const nobody: IsSuppressed = () => false

/** Asks the host about a step that is about to start; null to go on. It may hold the step; a hook that throws, or is silent for too long, does. */
export function askHost(record: NotificationRecord, begin: Begin, context: BeginContext): Awaitable<Prepared | null> {
  const { beforeSend } = context
  if (beforeSend === undefined) return null
  const heard = (said: Awaited<ReturnType<typeof beforeSend>>): Prepared | null => {
    // From JavaScript it may be null, which says nothing.
    if (typeof said === 'object' && said !== null) return putOff(said.until)
    if (typeof said !== 'string' && said !== false) return null
    return { input: { ...answerTo(begin), type: 'vetoed', reason: said || 'beforeSend', failure: null } }
  }
  const putOff = (until: number): Prepared => {
    if (!Number.isFinite(until)) throw new TypeError('beforeSend: until must be a moment in Unix milliseconds')
    const soonest = context.clock.now() + shortestWait
    return { input: { ...answerTo(begin), type: 'held', until: Math.max(until, soonest), reason: 'host' } }
  }
  return asked('beforeSend', record, begin, context, () => chain(beforeSend(record.steps[begin.step]!, record), heard))
}

/** Asks the app's list about every address that the step could go to. A list that throws, or is silent for too long, holds the step. */
export function askList(record: NotificationRecord, begin: Begin, context: BeginContext): Awaitable<Prepared | IsSuppressed> {
  const { suppression, providers } = context
  if (suppression === undefined) return nobody
  const step = record.steps[begin.step]!
  const targets = new Map<string, { readonly channel: Channel; readonly address: Address }>()
  for (const provider of providers) {
    if (!serves(provider, step)) continue
    for (const channel of step.delegated ?? [step.channel]) {
      const address = addressFor(provider, channel, record.to)
      if (address !== null && address !== undefined) targets.set(keyOf(channel, address), { channel, address })
    }
  }
  return asked('suppression', record, begin, context, async () => {
    const listed = new Set<string>()
    const look = async ([key, target]: readonly [string, { readonly channel: Channel; readonly address: Address }]) => {
      if (await suppression.isSuppressed({ ...target, recipient: record.to })) listed.add(key)
    }
    await Promise.all([...targets].map(look))
    return (channel: Channel, address: Address) => listed.has(keyOf(channel, address))
  })
}

function asked<T>(
  hook: string,
  { id }: NotificationRecord,
  begin: Begin,
  { clock, onFault }: BeginContext,
  ask: () => Awaitable<T>,
): Awaitable<T | Prepared> {
  const held = (error: unknown): Prepared => {
    onFault(id, error)
    return { input: { ...answerTo(begin), type: 'held', until: clock.now() + holdTime, reason: 'hook' } }
  }
  return guarded<T | Prepared>(() => {
    const word = ask()
    return word instanceof Promise ? within<T | Prepared>(word, hookTimeout, clock, () => held(new Error(silent(hook)))) : word
  }, held)
}

function answerTo({ step, attempt }: Begin): Pick<Begin, 'step' | 'attempt'> {
  return { step, attempt }
}

function keyOf(channel: Channel, address: Address): string {
  return `${channel} ${typeof address === 'object' ? address.endpoint : address}`
}
