import { type Channel, channels } from '../contract/channel.ts'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import { RequestError } from '../contract/errors.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { Message, NotificationRecord, OnUnknown, RetryPolicy, StepReason, StepRecord, Until } from '../contract/record.ts'
import { type NotificationRequest, noPrices, orders, type StepInput, type StepRules } from '../contract/request.ts'
import type { Issue } from '../contract/template.ts'
import type { Duration, Window } from '../contract/time.ts'
import { addressFor, serves } from './address.ts'
import { checkJson, checkKeys, checkWindow, isText, momentOf, type Report, recipientOf } from './checks.ts'
import { fingerprintOf } from './fingerprint.ts'

/** What a plan is made with, beside the request itself. */
export interface PlanContext {
  readonly id: string
  readonly now: number
  readonly providers: readonly ChannelProvider[]
  readonly retry: RetryPolicy
  /** Wait for receipts where a step says nothing, in milliseconds. */
  readonly within: (channel: Channel) => number
  /** Used where the recipient has none; null: none is known. */
  readonly timeZone: string | null
  /** Those that the app has declared; undefined: any will do. */
  readonly categories?: readonly string[] | undefined
  /** The app has given prices. */
  readonly isPriced?: boolean
}

/** The request's template, if it is one: requests also come from queues and files. */
export function templateOf(request: NotificationRequest | null | undefined): NotificationRequest['template'] {
  return typeof request?.template?.validate === 'function' ? request.template : undefined
}

const requestKeys = [
  'to',
  'cascade',
  'template',
  'variables',
  'content',
  'sendAt',
  'expiresAt',
  'window',
  'order',
  'idempotencyKey',
  'category',
  'metadata',
]
const stepKeys = ['channel', 'channels', 'through', 'required', 'until', 'within', 'window', 'onUnknown']
const untils: readonly Until[] = ['accepted', 'delivered', 'read', 'clicked']
const onUnknowns: readonly OnUnknown[] = ['advance', 'assume-sent', 'resend']

/** Turns a request into a record that has not started, or throws one `RequestError` that lists everything wrong with it. */
export function plan(
  request: NotificationRequest,
  context: PlanContext,
  messageIssues: readonly Issue[] = [],
): NotificationRecord {
  const issues: Issue[] = [...messageIssues]
  const report: Report = (path, message) => issues.push({ path, message })
  if (typeof request !== 'object' || request === null)
    throw new RequestError('the notification cannot be sent', [
      { path: '', message: 'the request is missing: give { to, cascade, and content or a template }' },
    ])
  checkKeys(request, requestKeys, '', report)
  const to = copyOf(recipientOf(request.to, report))
  const zone = to.timeZone ?? context.timeZone
  const message = messageOf(request, report)
  if (request.window !== undefined) checkWindow(request.window, 'window', zone, report)
  if (request.metadata !== undefined) checkJson(request.metadata, 'metadata', report)
  if (request.idempotencyKey !== undefined && !isText(request.idempotencyKey))
    report('idempotencyKey', 'is no text, or empty: leave it out, or give a key')
  const { category } = request
  if (category !== undefined && !(context.categories?.includes(category) ?? isText(category)))
    report('category', context.categories ? `is none of ${context.categories.join(', ')}` : 'is no text, or empty')
  const sendAt = request.sendAt === undefined ? context.now : momentOf(request.sendAt, 'sendAt', report)
  const expiresAt = request.expiresAt === undefined ? null : momentOf(request.expiresAt, 'expiresAt', report)
  // A request that is repeated under its key may come after it has expired; a first one then settles as expired.
  const isKeyed = request.idempotencyKey !== undefined
  const earliest = Math.max(request.sendAt === undefined ? 0 : (sendAt ?? 0), isKeyed ? 0 : context.now)
  if ((expiresAt ?? Number.POSITIVE_INFINITY) <= earliest)
    report('expiresAt', 'is not after sendAt and now: nothing would ever be sent')
  const inputs: readonly StepInput[] = Array.isArray(request.cascade) ? request.cascade : []
  if (inputs.length === 0) report('cascade', 'is empty, or no array: name at least one channel')
  oneOf(orders, request.order ?? 'as-given', 'order', report)
  if (request.order === 'cheapest' && !context.isPriced) report('order', noPrices)
  const addressed = { ...request, to }
  const steps = inputs.map((input, index) => stepOf(input, index, addressed, zone, context, report))
  if (issues.length === 0 && steps.every((step) => step.state === 'skipped')) {
    for (const [index, step] of steps.entries()) report(`cascade[${index}]`, `cannot apply (${step.reason}): ${remedy(step)}`)
  }
  if (issues.length > 0) throw new RequestError('the notification cannot be sent', issues)
  const planned = { to, message: copyOf(message!), sendAt: sendAt!, expiresAt: expiresAt ?? null }
  return {
    id: context.id,
    version: 0,
    createdAt: context.now,
    to,
    message: planned.message,
    sendAt: planned.sendAt,
    expiresAt: planned.expiresAt,
    timeZone: zone ?? 'UTC',
    retry: context.retry,
    metadata: copyOf(request.metadata ?? null),
    ...(category !== undefined && { category }),
    idempotencyKey: request.idempotencyKey ?? null,
    fingerprint: request.idempotencyKey === undefined ? null : fingerprintOf(request, planned),
    steps,
    cancelRequestedAt: null,
    settledAt: null,
    outcome: null,
    dueAt: Math.max(sendAt!, context.now),
    timeline: [{ type: 'notification.created', at: context.now, sendAt: sendAt! }, ...skips(steps, context.now)],
  }
}

function messageOf(request: NotificationRequest, report: Report): Message | undefined {
  const { variables, content } = request
  if (request.template !== undefined && content !== undefined) report('content', 'is given beside template: give one of the two')
  if (request.template !== undefined) {
    const template = templateOf(request)
    if (template === undefined) {
      report('template', 'is no template: give what defineTemplate made')
      return undefined
    }
    checkJson(variables ?? {}, 'variables', report)
    return { template: { id: template.id, version: template.version }, variables: (variables ?? {}) as never }
  }
  if (typeof content !== 'object' || content === null) {
    report('template', 'is missing: give a template with variables, or content by channel')
    return undefined
  }
  checkJson(content, 'content', report)
  return { content }
}

function stepOf(
  input: StepInput,
  index: number,
  request: NotificationRequest,
  zone: string | null,
  context: PlanContext,
  report: Report,
): StepRecord {
  const path = `cascade[${index}]`
  const rules: StepRules & { channel?: Channel; channels?: readonly Channel[] } =
    typeof input === 'string' ? { channel: input } : (input ?? {})
  checkKeys(rules, stepKeys, path, report)
  const delegated = Array.isArray(rules.channels) ? rules.channels : null
  const channel = (rules.channel ?? delegated?.[0]) as Channel
  const unknown = [channel, ...(delegated ?? [])].filter((name) => !channels.includes(name))
  if (unknown.length > 0) report(path, `names ${quoted(unknown[0])}: give one of ${channels.join(', ')}`)
  if (delegated !== null && rules.through === undefined)
    report(`${path}.through`, 'is missing: name the provider that is to try the channels itself')
  const through = rules.through ?? null
  const isNamed = through === null || isText(through)
  if (!isNamed) report(`${path}.through`, 'is no text, or empty: give the name of a provider')
  const required = rules.required ?? false
  if (typeof required !== 'boolean') report(`${path}.required`, 'is neither true nor false')
  const until = oneOf(untils, rules.until ?? 'delivered', `${path}.until`, report)
  const onUnknown = oneOf(onUnknowns, rules.onUnknown ?? 'advance', `${path}.onUnknown`, report)
  const window = rules.window === undefined ? (request.window ?? null) : rules.window
  if (rules.window) checkWindow(rules.window, `${path}.window`, zone, report)
  const within = waitOf(rules.within, context.within(channel), `${path}.within`, report)
  const step = { channel, delegated, through }
  const reason = unknown.length > 0 || !isNamed ? null : inapplicable(step, path, request, context, report)
  return {
    channel,
    delegated,
    through: step.through,
    required,
    until,
    within,
    window: window && alwaysOpen(window) ? null : window,
    onUnknown,
    state: reason === null ? 'pending' : 'skipped',
    reason,
    dueAt: null,
    excluded: [],
    holds: 0,
    endedAt: reason === null ? null : context.now,
    attempts: [],
  }
}

/** Why a step cannot apply to this recipient and message; a channel that nobody could ever send on is an error instead. */
function inapplicable(
  step: Pick<StepRecord, 'channel' | 'delegated' | 'through'>,
  path: string,
  request: NotificationRequest,
  context: PlanContext,
  report: Report,
): StepReason | null {
  const able = context.providers.filter((provider) => serves(provider, step))
  if (able.length === 0) {
    const what = step.delegated
      ? `the provider "${step.through}" does not run a cascade of ${step.delegated.join(', ')} itself`
      : `no provider sends ${step.channel}${step.through === null ? '' : ` under the name "${step.through}"`}`
    report(path, `${what}: add one to createNotifier({ providers })`)
    return null
  }
  const template = templateOf(request)
  const content = (channel: Channel) =>
    template ? template.channels.includes(channel) : (request.content?.[channel] ?? undefined) !== undefined
  const parts = step.delegated ?? [step.channel]
  if (!parts.some(content)) return 'no-content'
  return able.some((provider) =>
    parts.some((channel) => content(channel) && addressFor(provider, channel, request.to) !== undefined),
  )
    ? null
    : 'no-address'
}

function quoted(channel: unknown): string {
  return typeof channel === 'string' ? `"${channel}", which is no channel` : 'no channel'
}

/** A record is plain JSON of its own: the app may go on and change what it gave to `send`. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (typeof value !== 'object' || value === null) return value
  // What is spread is defined, not set: a key such as __proto__ stays a key.
  const copy = { ...value } as Record<string, unknown>
  for (const key of Object.keys(copy)) {
    const item = copy[key]
    if (item === undefined) delete copy[key]
    else if (typeof item === 'object') copy[key] = copyOf(item)
  }
  return copy as T
}

function remedy(step: StepRecord): string {
  return step.reason === 'no-content' ? `give content for ${step.channel}` : `give the recipient an address for ${step.channel}`
}

function skips(steps: readonly StepRecord[], at: number) {
  return steps.flatMap((step, index) =>
    step.reason === null ? [] : [{ type: 'step.skipped' as const, at, step: index, channel: step.channel, reason: step.reason }],
  )
}

function waitOf(given: Duration | undefined, fallback: number, path: string, report: Report): number {
  if (given === undefined) return fallback
  const within = millisecondsOf(given)
  if (within === undefined) report(path, durationForm)
  return within ?? fallback
}

function oneOf<T extends string>(allowed: readonly T[], value: T, path: string, report: Report): T {
  if (!allowed.includes(value)) report(path, `is none of ${allowed.join(', ')}`)
  return value
}

function alwaysOpen(window: Window): boolean {
  return window.from === window.to || (window.from === '00:00' && window.to === '24:00')
}
