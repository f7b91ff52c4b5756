// Drives the pure machine through everything that can happen to a small cascade, and checks what must always hold.

import type { ChannelProvider, FailureKind, NotificationRecord, ReceiptStatus, ReceiptSupport, StepInput } from 'omnicascade'
import type { Effect, Input } from '../../src/cascade/input.ts'
import { step as advance } from '../../src/cascade/machine.ts'
import { plan } from '../../src/cascade/plan.ts'
import { hasEnded, satisfies } from '../../src/cascade/status.ts'
import { opensAt } from '../../src/cascade/window.ts'
import { ada, content } from './world.ts'

/** A cascade to explore: what its providers report, and what may happen to it. */
export interface Model {
  readonly cascade: readonly StepInput[]
  readonly receipts: readonly ReceiptSupport[]
  readonly idempotent?: boolean
  readonly expiresAt?: number
  readonly sendAt?: number
  readonly kinds: readonly FailureKind[]
  readonly statuses: readonly ReceiptStatus[]
  /** Providers of each channel. Default 1. */
  readonly providers?: number
  /** Tries of each provider. Default 2. */
  readonly tries?: number
  /** What happens may also come to a process that calls no providers, and leases may be renewed. */
  readonly fronts?: boolean
  /** Answers may also come as late as this, with nothing waking the notification meanwhile. */
  readonly late?: number
}

/** What the shell has been asked to do and has not done: it may answer in any order, or die and never answer. */
interface State {
  readonly record: NotificationRecord
  readonly at: number
  readonly asked: readonly Effect[]
}

export interface Explored {
  readonly states: number
  readonly transitions: number
  readonly outcomes: ReadonlySet<string>
}

/** Visits every reachable state of the model, breadth first. Throws, with the way there, when something that must hold does not. */
export function explore(explored: Model): Explored {
  model = explored
  permuted = new Set()
  settling = new Set()
  const first = begin()
  const seen = new Set([keyOf(first)])
  const queue: { state: State; path: string[] }[] = [{ state: first, path: [] }]
  const outcomes = new Set<string>()
  let transitions = 0
  for (const { state, path } of queue) {
    try {
      checkState(state)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n  ${path.join('\n  ')}\n${JSON.stringify(state.record, null, 1)}`)
    }
    if (state.record.outcome) outcomes.add(state.record.outcome.status)
    for (const [name, take] of moves(state)) {
      transitions++
      let reached: State
      try {
        reached = take()
      } catch (error) {
        throw new Error(`${(error as Error).message}\n  ${[...path, name].join('\n  ')}`)
      }
      const key = keyOf(reached)
      if (seen.has(key)) continue
      seen.add(key)
      queue.push({ state: reached, path: [...path, name] })
    }
  }
  return { states: seen.size, transitions, outcomes }
}

/** Takes one way through a model that is too large to be explored: each choice picks among what can happen next. Returns every state on it. */
export function walk(walked: Model, choices: readonly number[]): NotificationRecord[] {
  model = walked
  permuted = new Set()
  settling = new Set()
  const path: string[] = []
  let state = begin()
  const seen = [state.record]
  try {
    checkState(state)
    for (const choice of choices) {
      const next = moves(state)
      if (next.length === 0) break
      const [name, take] = next[choice % next.length]!
      path.push(name)
      state = take()
      seen.push(state.record)
      checkState(state)
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n  ${path.join('\n  ')}`)
  }
  return seen
}

function begin(): State {
  const channels = model.cascade.map((input) =>
    typeof input === 'string' ? input : 'channel' in input ? input.channel : input.channels[0]!,
  )
  const providers = channels.map(
    (channel): ChannelProvider => ({ name: channel, channels: [channel], receipts: 'full', send: async () => ({}) }),
  )
  const request = {
    to: ada,
    content,
    cascade: model.cascade,
    ...(model.expiresAt !== undefined && { expiresAt: model.expiresAt }),
    ...(model.sendAt !== undefined && { sendAt: model.sendAt }),
  }
  const retry = { attempts: model.tries ?? 2, baseDelay: 2000, maxDelay: 2000 }
  const record = plan(request, { id: 'n', now: 0, providers, retry, within: () => 120_000, timeZone: 'UTC' })
  return apply({ record, at: 0, asked: [] }, { type: 'woke', at: 0 })
}

type Move = readonly [name: string, take: () => State]
let model: Model
let permuted = new Set<string>()
let settling = new Set<string>()

/** Everything that may come back for an effect. */
function answers(
  record: NotificationRecord,
  effect: Exclude<Effect, { type: 'emit' }>,
  at: number,
): [name: string, input: Input][] {
  const { step, attempt } = effect
  const place = { step, attempt, at }
  if (effect.type === 'cancelAtProvider') return [['recalled', { type: 'recalled', ...place }]]
  if (effect.type === 'send') {
    return [
      ['accepted', { type: 'accepted', ...place, messageId: 'm', keys: ['m'], status: 'accepted' }],
      ...model.kinds.map((kind): [string, Input] => [
        kind,
        { type: 'rejected', ...place, failure: { kind, message: kind }, random: 0.5 },
      ]),
    ]
  }
  const { channel, excluded } = record.steps[step]!
  const names = Array.from({ length: model.providers ?? 1 }, (_, index) => `${channel}${index || ''}`)
  const able = names.filter((name) => !excluded.includes(name) && (!effect.only || name === effect.prefer))
  const started = able.map((name): [string, Input] => {
    const provider = { name, receipts: model.receipts[step]!, idempotent: model.idempotent === true, cancellable: true }
    return [`started by ${name}`, { type: 'started', ...place, provider, to: null, keys: [], leaseUntil: at + 60_000 }]
  })
  return [
    ...started,
    ['unavailable', { type: 'unavailable', ...place, until: able.length === 0 ? null : at + 60_000 }],
    ['vetoed', { type: 'vetoed', ...place, reason: 'no', failure: null }],
    ['held', { type: 'held', ...place, until: at + 60_000, reason: 'template' }],
  ]
}

function moves(state: State): Move[] {
  const { record, at, asked } = state
  const all: Move[] = []
  /** In a process that calls providers, or in one that does not. */
  const anywhere = (name: string, input: Input): Move[] => [
    [name, () => apply(state, input)],
    ...(model.fronts ? [[`${name}, at a front`, () => apply(state, { ...input, defers: true })] as const] : []),
  ]
  for (const effect of asked) {
    if (effect.type === 'emit') continue
    const rest = { ...state, asked: asked.filter((other) => other !== effect) }
    all.push([`lost ${effect.type}${placeOf(effect)}`, () => rest])
    for (const when of new Set([at, Math.max(at, model.late ?? at)])) {
      for (const [name, input] of answers(record, effect, when))
        all.push([`${name}${placeOf(effect)} at ${when}`, () => apply(rest, input)])
    }
  }
  for (const [step, { attempts }] of record.steps.entries()) {
    for (const [attempt, { state: was }] of attempts.entries()) {
      if (was === 'failed') continue
      for (const status of model.statuses)
        all.push(...anywhere(`${status} ${step}.${attempt}`, receipt(step, attempt, status, at)))
      const renewed = { type: 'renewed', at, step, attempt, leaseUntil: at + 60_000 } as const
      if (model.fronts && was === 'sending') all.push([`renewed ${step}.${attempt}`, () => apply(state, renewed)])
    }
  }
  if (record.cancelRequestedAt === null && record.settledAt === null)
    all.push(...anywhere('cancel', { type: 'cancelRequested', at }))
  if (record.dueAt !== null)
    all.push([
      `wake at ${record.dueAt}`,
      () => apply({ ...state, at: Math.max(at, record.dueAt!) }, { type: 'woke', at: Math.max(at, record.dueAt!) }),
    ])
  return all
}

function receipt(step: number, attempt: number, status: ReceiptStatus, at: number): Input {
  return { type: 'receipt', at, step, attempt, receipt: { status, at } }
}

/** One input, with every invariant about what it may cause. */
function apply(state: State, input: Input): State {
  const before = deepFreeze(state.record)
  const { record, effects } = advance(before, input)
  if (record !== before && record.version !== before.version + 1) throw new Error('the version does not rise by one')
  for (const effect of effects)
    if (effect.type === 'begin' || effect.type === 'send') checkStart(before, record, effect, input.at)
  if (before.outcome?.status === 'delivered' && record.outcome?.status !== 'delivered')
    throw new Error('a delivered notification became something else')
  if (before.settledAt !== null && record.settledAt !== before.settledAt) throw new Error('it settled twice')
  // History is left out, or no two states would be the same.
  return { ...state, record: { ...record, timeline: [] }, at: input.at, asked: ask(record, input.at, state.asked, effects) }
}

/** What is still asked of the shell. What can no longer change anything is shown to be so, and left out. */
function ask(record: NotificationRecord, at: number, asked: readonly Effect[], effects: readonly Effect[]): readonly Effect[] {
  const open = new Map([...asked, ...effects].map((effect) => [`${effect.type}${placeOf(effect)}`, effect]))
  for (const [name, effect] of open) {
    if (effect.type === 'emit') open.delete(name)
    else if (isStale(record, effect)) {
      for (const [answer, input] of answers(record, effect, at))
        if (advance(record, { ...input, defers: true }).record !== record)
          throw new Error(`a stale answer (${answer}) changes something`)
      open.delete(name)
    }
  }
  return [...open.values()]
}

function isStale(record: NotificationRecord, effect: Exclude<Effect, { type: 'emit' }>): boolean {
  const step = record.steps[effect.step]!
  if (effect.type === 'begin') return step.state !== 'ready' || step.attempts.length !== effect.attempt
  const { state } = step.attempts[effect.attempt]!
  return effect.type === 'send' ? state !== 'sending' && state !== 'unknown' : state !== 'accepted'
}

function checkStart(
  before: NotificationRecord,
  after: NotificationRecord,
  effect: Extract<Effect, { type: 'begin' | 'send' }>,
  at: number,
): void {
  const step = after.steps[effect.step]!
  if (after.cancelRequestedAt !== null) throw new Error('something starts after it was cancelled')
  if (after.expiresAt !== null && at >= after.expiresAt) throw new Error('something starts after it expired')
  if (at < after.sendAt) throw new Error('something starts before sendAt')
  if (step.window !== null && opensAt(step.window, after.timeZone, at) !== at)
    throw new Error('something starts while its window is closed')
  if (before.settledAt !== null) throw new Error('something starts after it settled')
  if (!step.required) {
    const earlier = after.steps.slice(0, effect.step).filter((other) => !other.required)
    if (!earlier.every(hasEnded)) throw new Error('an optional step starts before the one before it has ended')
    if (after.steps.some((other) => !other.required && other.state === 'succeeded'))
      throw new Error('an optional step starts after another has succeeded')
  }
  const previous = step.attempts.slice(0, effect.attempt)
  if (previous.some((attempt) => attempt.state === 'accepted' || attempt.state === 'sending'))
    throw new Error('a step is sent again though an attempt of it was accepted')
  const doubt = previous.findLast((attempt) => attempt.state === 'unknown')
  if (doubt === undefined) return
  if (!doubt.idempotent) throw new Error('an unknown send is repeated though the vendor does not honour idempotency keys')
  const goes =
    effect.type === 'begin'
      ? { provider: effect.only ? effect.prefer : null, idempotencyKey: doubt.idempotencyKey }
      : step.attempts[effect.attempt]!
  if (goes.provider !== doubt.provider) throw new Error('an unknown send is repeated through another provider')
  if (goes.idempotencyKey !== doubt.idempotencyKey) throw new Error('an unknown send is repeated under another key')
}

/** What must hold in every state, whatever way led there. */
function checkState(state: State): void {
  const { record, at } = state
  if ((record.dueAt === null) !== (record.settledAt !== null))
    throw new Error('dueAt and settledAt do not agree: it is stuck, or wakes for nothing')
  if (record.settledAt !== null && !record.steps.every(hasEnded)) throw new Error('it settled with a step still open')
  if (record.dueAt !== null && advance(record, { type: 'woke', at: Math.max(at, record.dueAt) }).record === record)
    throw new Error('waking it when it is due does nothing: it would wake for ever')
  if (record.dueAt !== null && record.dueAt > at && advance(record, { type: 'woke', at }).record !== record)
    throw new Error('waking it early changes something')
  for (const { required, attempts, reason } of record.steps) {
    if (
      record.settledAt !== null &&
      required &&
      attempts.length === 0 &&
      !/^(vetoed|cancelled|expired|no-provider)/.test(reason ?? '')
    )
      throw new Error('a required step was never sent')
  }
  for (const [index, step] of record.steps.entries()) {
    for (const attempt of [step.attempts.length - 1, step.attempts.length + 1]) {
      const [, input] = answers(record, { type: 'begin', step: index, attempt, prefer: null, only: false }, at)[0]!
      // Deferred, or it would begin what a front has left due.
      if (advance(record, { ...input, defers: true }).record !== record)
        throw new Error('an answer for another attempt changes something')
    }
    if (step.state === 'succeeded' && !step.attempts.some((attempt) => satisfies(step, attempt)))
      throw new Error('a step succeeded without an attempt that did')
    if (step.state !== 'succeeded' && step.attempts.some((attempt) => satisfies(step, attempt)))
      throw new Error('an attempt reached `until` and its step did not succeed')
  }
  checkPermutations(state)
  checkItSettles(state)
}

/** Any order of the same receipts gives the same statuses and the same outcome, and none of them counts twice. */
function checkPermutations({ record, at }: State): void {
  const key = recordKey(record, at)
  if (permuted.has(key)) return
  permuted.add(key)
  const places = record.steps.flatMap(({ attempts }, step) =>
    attempts.flatMap(({ state }, attempt) => (state === 'failed' ? [] : [{ step, attempt }])),
  )
  // Four receipts have 64 orders of their subsets; each attempt has its share of them.
  const share = Math.max(1, Math.floor(4 / places.length))
  const inputs = places
    .slice(-4)
    .flatMap(({ step, attempt }) => model.statuses.slice(0, share).map((status) => receipt(step, attempt, status, at)))
  const results = new Map<string, string>()
  const applyRest = (reached: NotificationRecord, done: readonly Input[]): void => {
    // Every subset of the receipts is compared, not just all of them together.
    const subset = inputs.map((input) => (done.includes(input) ? 1 : 0)).join('')
    const result = resultOf(reached)
    if ((results.get(subset) ?? result) !== result)
      throw new Error(`the order of receipts matters:\n${result}\n${results.get(subset)}`)
    results.set(subset, result)
    if (done.some((input) => advance(reached, input).record !== reached)) throw new Error('a receipt counted twice')
    for (const input of inputs) if (!done.includes(input)) applyRest(advance(reached, input).record, [...done, input])
  }
  applyRest(record, [])
}

function resultOf(record: NotificationRecord): string {
  const attempts = record.steps.map((step) =>
    step.attempts.map(({ status, receiptFailure, assumed }) => ({ status, receiptFailure, assumed })),
  )
  const { outcome } = record
  const compared = outcome && {
    status: outcome.status,
    duplicate: outcome.duplicateDelivery,
    failedRequired: outcome.failedRequired,
    states: outcome.steps.map(({ state }) => state),
    // Of two channels that both delivered, the one heard of first has settled it.
    by: outcome.duplicateDelivery ? null : outcome.by,
  }
  return JSON.stringify({ attempts, states: record.steps.map(({ state }) => state), compared })
}

/** A shell that does what it is asked, with vendors that stay silent, always gets it settled. */
function checkItSettles(state: State): void {
  const way: string[] = []
  let current = state
  for (let key = keyOf(current); current.record.settledAt === null && !settling.has(key); key = keyOf(current)) {
    if (way.length > 100) throw new Error('it never settles')
    way.push(key)
    const done = moves(current).find(([name]) => /^(started|accepted|unavailable)/.test(name))
    const at = Math.max(current.at, current.record.dueAt!)
    current = done === undefined ? apply(current, { type: 'woke', at }) : done[1]()
  }
  for (const key of way) settling.add(key)
}

function placeOf(effect: Effect): string {
  return 'step' in effect ? ` ${effect.step}.${effect.attempt}` : ''
}

/** Two states with the same key have the same future: absolute times, ids and history are left out. */
function keyOf({ record, at, asked }: State): string {
  return `${recordKey(record, at)} ${asked
    .map((effect) => `${effect.type}${placeOf(effect)}`)
    .sort()
    .join()}`
}

function recordKey(record: NotificationRecord, at: number): string {
  const left = (time: number | null) => (time === null ? '' : time - at)
  const steps = record.steps.map(({ state, reason, dueAt, excluded, holds, attempts }) =>
    [
      state,
      reason,
      left(dueAt),
      excluded.join(),
      holds,
      ...attempts.map((attempt) =>
        [attempt.provider, attempt.state, attempt.status, attempt.receiptFailure, attempt.assumed].join('/'),
      ),
    ].join(),
  )
  const expiry = record.expiresAt === null ? '' : Math.max(0, record.expiresAt - at)
  return [
    ...steps,
    left(record.dueAt),
    record.cancelRequestedAt !== null,
    record.outcome?.status,
    record.outcome?.by,
    expiry,
    Math.max(0, record.sendAt - at),
  ].join(' ')
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
