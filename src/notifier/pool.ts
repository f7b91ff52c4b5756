import type { Channel } from '../contract/channel.ts'
import { toMilliseconds } from '../contract/duration.ts'
import type { OperatorEvents } from '../contract/events.ts'
import type { Failure } from '../contract/failure.ts'
import type { Awaitable } from '../contract/json.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { chain } from './awaitable.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createLimiter, type Limiter, type PutOff } from './limiter.ts'

/** How a channel's providers are chosen among: as listed, in turn, by the app's `prices`, or at random by weight (a provider without one weighs 1). */
export type Routing = 'in-order' | 'round-robin' | 'cheapest' | { readonly weights: Readonly<Record<string, number>> }

/** Leave to make one call. `leave` must be called once it has ended, or was not made (`undefined`). */
export interface Permit {
  readonly provider: ChannelProvider
  /** The call is made now: its provider's rate counts from here. */
  go(): void
  leave(failure: Failure | null | undefined): void
}

/**
 * Every candidate's circuit is open; the first is probed at `until`, null if there is no candidate at all. Or, when `crowded`, so many wait for the
 * limits of each that this one does better to come again at `until`.
 */
export type NoPermit =
  | { readonly until: number | null; readonly crowded?: false }
  | { readonly until: number; readonly crowded: true }

/** The providers, each with its circuit and its limits. */
export interface Pool {
  acquire(channel: Channel, candidates: readonly ChannelProvider[], prefer: string | null): Awaitable<Permit | NoPermit>
  /** Nobody waits for a limit any more, nor gets a permit for having waited: nothing will be sent. */
  close(): void
}

/** Options of the pool. */
export interface PoolOptions {
  readonly providers: readonly ChannelProvider[]
  readonly routing: Readonly<Partial<Record<Channel, Routing>>>
  readonly breaker: { readonly threshold: number; readonly coolDown: Duration }
  readonly clock: Clock
  readonly random: () => number
  readonly emit: <K extends 'provider.opened' | 'provider.closed'>(type: K, event: OperatorEvents[K]) => void
}

// Who would wait longer than this for a provider's limits goes to the next one; where all are crowded, he waits in the store.
const patience = 30_000

interface Member {
  readonly provider: ChannelProvider
  readonly breaker: Breaker
  readonly limiter: Limiter
  readonly afterProbe: (() => void)[]
}

/** One circuit and one limiter per provider, shared by all its channels. */
export function createPool({ providers, routing, breaker, clock, random, emit }: PoolOptions): Pool {
  const policy = { threshold: breaker.threshold, coolDown: toMilliseconds(breaker.coolDown) }
  const members = new Map<string, Member>()
  const turns = new Map<Channel, number>()
  let closed = false
  for (const provider of providers) {
    const onChange = (until: number | null, failure: Failure | null) =>
      until === null
        ? emit('provider.closed', { provider: provider.name })
        : emit('provider.opened', { provider: provider.name, until, failure })
    members.set(provider.name, {
      provider,
      breaker: createBreaker(policy, clock, onChange),
      limiter: createLimiter(provider.limits ?? {}, clock, true),
      afterProbe: [],
    })
  }

  function inOrder(channel: Channel, candidates: readonly ChannelProvider[], prefer: string | null): readonly ChannelProvider[] {
    const preferred = candidates.find((candidate) => candidate.name === prefer)
    if (preferred !== undefined) return [preferred, ...candidates.filter((candidate) => candidate !== preferred)]
    const route = routing[channel] ?? 'in-order'
    // Who asks has put the cheapest first.
    if (candidates.length < 2 || route === 'in-order' || route === 'cheapest') return candidates
    const first = route === 'round-robin' ? nextTurn(channel) % candidates.length : byWeight(candidates, route.weights, random())
    return [...candidates.slice(first), ...candidates.slice(0, first)]
  }

  function nextTurn(channel: Channel): number {
    const turn = turns.get(channel) ?? 0
    turns.set(channel, turn + 1)
    return turn
  }

  function acquire(
    channel: Channel,
    candidates: readonly ChannelProvider[],
    prefer: string | null,
  ): Awaitable<Permit | NoPermit> {
    const able = inOrder(channel, candidates, prefer).map((provider) => members.get(provider.name)!)
    let earliest: PutOff | undefined
    for (const member of able.filter(mayBeCalled)) {
      const putOff = member.limiter.putOff(patience)
      if (putOff === null) return enter(member, () => acquire(channel, candidates, prefer))
      if (earliest === undefined || putOff.until < earliest.until) earliest = putOff
    }
    if (earliest !== undefined) {
      earliest.take()
      return { until: earliest.until, crowded: true }
    }
    const probed = able.find(({ breaker: { state } }) => state() === 'probing')
    // What the probe finds decides for everyone who waits.
    if (probed !== undefined)
      return new Promise<void>((resolve) => probed.afterProbe.push(resolve)).then(() => acquire(channel, candidates, prefer))
    return { until: able.length === 0 ? null : Math.min(...able.map(({ breaker: { until } }) => until)) }
  }

  function enter(member: Member, again: () => Awaitable<Permit | NoPermit>): Awaitable<Permit | NoPermit> {
    const entered = member.limiter.enter()
    return chain(entered, (moment) => {
      if (closed && entered instanceof Promise) return { until: null }
      if (mayBeCalled(member)) return permitFor(member, moment)
      // Its circuit opened, or someone else began to probe it, while this one waited for its limits.
      member.limiter.leave(moment, false)
      return again()
    })
  }

  return {
    acquire,
    close() {
      closed = true
      for (const { limiter } of members.values()) limiter.close()
    },
  }
}

function mayBeCalled({ breaker }: Member): boolean {
  const state = breaker.state()
  return state === 'closed' || state === 'probe'
}

function permitFor({ provider, breaker, limiter, afterProbe }: Member, moment: number): Permit {
  const probe = breaker.enter()
  return {
    provider,
    go: () => limiter.go(moment),
    leave(failure) {
      // What it came to first: those who wait for the limits ask at once whether the circuit is open.
      breaker.leave(probe, failure)
      limiter.leave(moment, failure !== undefined)
      if (probe) for (const resume of afterProbe.splice(0)) resume()
    },
  }
}

function byWeight(candidates: readonly ChannelProvider[], weights: Readonly<Record<string, number>>, random: number): number {
  const weightOf = (provider: ChannelProvider) => Math.max(0, weights[provider.name] ?? 1)
  let left = random * candidates.reduce((sum, provider) => sum + weightOf(provider), 0)
  const chosen = candidates.findIndex((provider) => {
    left -= weightOf(provider)
    return left < 0
  })
  return Math.max(0, chosen)
}
