import { addressFor, receiptsOf, serves } from '../cascade/address.ts'
import { idempotencyKeyFor } from '../cascade/idempotency-key.ts'
import type { Effect, Input } from '../cascade/input.ts'
import type { Channel } from '../contract/channel.ts'
import type { Content } from '../contract/content.ts'
import type { Awaitable } from '../contract/json.ts'
import type { ChannelProvider, SendPart, SendRequest } from '../contract/provider.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'
import type { SuppressionList } from '../contract/suppression.ts'
import type { Clock } from '../contract/time.ts'
import { chain } from './awaitable.ts'
import { keysFrom, timeoutOf } from './call.ts'
import { thrownIn } from './classify.ts'
import { askHost, askList, type IsSuppressed } from './host-word.ts'
import { leaseUntil } from './lease.ts'
import type { Permit, Pool } from './pool.ts'
import { type PricingContext, rankProviders } from './pricing.ts'
import { type RenderContext, render } from './render.ts'

/** A hook's word on a step that is about to start: `false` or a reason stops it, `until` (Unix milliseconds) puts it off. */
export type BeforeSend = (
  step: StepRecord,
  record: NotificationRecord,
) => Awaitable<boolean | string | { readonly until: number } | undefined>

/** The machine asks for an attempt. */
export type Begin = Extract<Effect, { type: 'begin' }>

/** An input before it is stamped with the time. */
export type WithoutAt<T> = T extends unknown ? Omit<T, 'at'> : never

/** The machine's next input, and, when it is `started`, what the call needs once it is stored. */
export interface Prepared {
  readonly input: WithoutAt<Input>
  readonly call?: { readonly permit: Permit; readonly request: SendRequest }
}

/** What may be sent, and where it may not go. */
interface Sendable {
  readonly content: Content
  readonly isSuppressed: IsSuppressed
}

/** What preparing an attempt needs. */
export interface BeginContext extends PricingContext {
  readonly clock: Clock
  readonly pool: Pool
  readonly providers: readonly ChannelProvider[]
  readonly beforeSend: BeforeSend | undefined
  readonly suppression: SuppressionList | undefined
  readonly rendering: RenderContext
  readonly onMissing: (id: string, missing: { readonly template: string; readonly version: string }) => void
}

const noContent = { kind: 'content', message: "the template has no content for the channel in the recipient's locale" } as const
// A template that an older process does not know, or that cannot be read from now, is tried again this often.
const holdTime = 60_000

/** Prepares an attempt: the host's word, the content, a provider's permit. Synchronous unless one of them is not. */
export function prepare(record: NotificationRecord, effect: Begin, context: BeginContext): Awaitable<Prepared> {
  const step = record.steps[effect.step]!
  const answer = { step: effect.step, attempt: effect.attempt }
  const renderFor = (isSuppressed: IsSuppressed) =>
    chain(render(record, step.delegated ?? [step.channel], context.rendering), (rendered): Awaitable<Prepared> => {
      if ('failure' in rendered) return { input: { ...answer, type: 'vetoed', reason: 'content', failure: rendered.failure } }
      if ('missing' in rendered) {
        context.onMissing(record.id, rendered.missing)
        return { input: { ...answer, type: 'held', until: context.clock.now() + holdTime, reason: 'template' } }
      }
      if ('fault' in rendered) {
        const { retryAfter = holdTime } = rendered.fault
        context.onFault(record.id, rendered.fault)
        return { input: { ...answer, type: 'held', until: context.clock.now() + retryAfter, reason: 'hook' } }
      }
      if (Object.keys(rendered.content).length === 0)
        return { input: { ...answer, type: 'vetoed', reason: 'content', failure: noContent } }
      return admit(record, effect, { content: rendered.content, isSuppressed }, context)
    })
  return chain(
    askHost(record, effect, context),
    (refusal) =>
      refusal ?? chain(askList(record, effect, context), (list) => (typeof list === 'function' ? renderFor(list) : list)),
  )
}

/** Takes a provider's permit and prepares the call. A provider whose adapter breaks over it makes way, as one that is down does. */
function admit(
  record: NotificationRecord,
  effect: Begin,
  sendable: Sendable,
  context: BeginContext,
  broken: readonly ChannelProvider[] = [],
): Awaitable<Prepared> {
  const { step: index, attempt, prefer, only } = effect
  const step = record.steps[index]!
  const able = context.providers.filter(
    (provider) =>
      serves(provider, step) &&
      !step.excluded.includes(provider.name) &&
      (!only || provider.name === prefer) &&
      !broken.includes(provider),
  )
  const canSend = (sendable: Sendable) => able.filter((provider) => partsFor(provider, step, sendable, record).length > 0)
  const candidates = rankProviders(context, record, step, canSend(sendable), sendable.content)
  if (candidates.length === 0 && canSend({ ...sendable, isSuppressed: () => false }).length > 0)
    return { input: { type: 'vetoed', step: index, attempt, reason: 'suppressed', failure: null } }
  const acquired = context.pool.acquire(step.channel, candidates, prefer)
  return chain(acquired, (permit): Awaitable<Prepared> => {
    if (!('leave' in permit)) {
      if (permit.crowded) return { input: { type: 'held', step: index, attempt, until: permit.until, reason: 'rate' } }
      return { input: { type: 'unavailable', step: index, attempt, until: permit.until } }
    }
    // While it waited for its permit, the host may have come to another mind.
    return chain(acquired instanceof Promise ? askHost(record, effect, context) : null, (refusal) => {
      if (refusal !== null) {
        permit.leave(undefined)
        return refusal
      }
      try {
        return callThrough(permit, record, effect, sendable, context.clock)
      } catch (error) {
        permit.leave(undefined)
        const { provider } = permit
        context.onFault(record.id, thrownIn('keys', provider.name, error))
        return admit(record, effect, sendable, context, [...broken, provider])
      }
    })
  })
}

function callThrough(
  permit: Permit,
  record: NotificationRecord,
  { step: index, attempt }: Begin,
  sendable: Sendable,
  clock: Clock,
): Prepared {
  const { provider } = permit
  const step = record.steps[index]!
  const parts = partsFor(provider, step, sendable, record)
  const request = {
    ...parts[0]!,
    recipient: record.to,
    notificationId: record.id,
    idempotencyKey: idempotencyKeyFor(record, index),
    within: step.within,
    ...(step.delegated !== null && { parts }),
  } as SendRequest
  const facts = {
    name: provider.name,
    receipts: receiptsOf(provider, parts[0]!.channel),
    idempotent: provider.idempotent === true,
    cancellable: provider.cancel !== undefined,
  }
  const keys = keysFrom(provider.keys?.(request))
  return {
    input: {
      type: 'started',
      step: index,
      attempt,
      provider: facts,
      to: request.to ?? null,
      keys,
      leaseUntil: leaseUntil(clock.now(), timeoutOf(provider)),
    },
    call: { permit, request },
  }
}

/** The step's channels that the provider can send: those with content, and an address that may be written to. */
function partsFor(
  provider: ChannelProvider,
  step: StepRecord,
  { content, isSuppressed }: Sendable,
  record: NotificationRecord,
): SendPart[] {
  const channels: readonly Channel[] = step.delegated ?? [step.channel]
  return channels.flatMap((channel) => {
    const to = addressFor(provider, channel, record.to)
    const own = content[channel]
    if (to === undefined || own === undefined || (to !== null && isSuppressed(channel, to))) return []
    return [{ channel, to: to ?? undefined, content: own }]
  })
}
