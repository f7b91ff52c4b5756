import type { Channel, Recipient } from '../contract/channel.ts'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import { type IdempotencyConflictError, isOmnicascadeError, RequestError, SendError } from '../contract/errors.ts'
import type { NotificationRequest, RequestRules, StepInput } from '../contract/request.ts'
import type { Template } from '../contract/template.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import type { DigestStore } from './interfaces.ts'
import { recipientKey } from './recipient.ts'

/** What adding needs of a notifier. */
export interface DigestSender {
  send(request: never): Promise<{ readonly id: string }>
}

/** Options of `digest`. */
export interface DigestOptions<Item, V, C extends Channel> {
  /** Names it, for good: what is collected lies under it. Two digests of one template need one each. Default: the template's. */
  readonly id?: string
  readonly store: DigestStore
  /** How long is collected, from the first item on. */
  readonly window: Duration
  /** What all items are shown with. */
  readonly template: Template<V, C>
  /** The template's variables, of the items in the order in which they came. */
  readonly merge: (items: readonly Item[]) => NoInfer<V>
  /** How long items are kept after their window, at least as long as its notification may wait. Default 30 days. */
  readonly keepFor?: Duration
  /** Whose digest it is, as for `createPreferences`; the channel is that of the first step. Where it gives undefined: `recipientKey`, the default. */
  readonly recipient?: (to: Recipient, channel: Channel) => string | undefined
  /** The notifier's, where that is given one. */
  readonly clock?: Clock
}

/** What is added to a digest, and how the notification that shows it goes out. */
export interface DigestItem<Item, C extends Channel> extends Omit<RequestRules, 'sendAt' | 'expiresAt' | 'idempotencyKey'> {
  readonly to: Recipient
  readonly cascade: readonly StepInput<C>[]
  /** What is collected together, for one recipient. */
  readonly key?: string
  /** An item that is added again under its id counts once. Default: each counts. */
  readonly id?: string
  /** Plain JSON. */
  readonly item: Item
}

/** Collects items and sends them together. */
export interface Digest<Item, C extends Channel> {
  /** For `templates` of every process that calls providers. */
  readonly template: Template<never, C>
  /**
   * Resolves once the item is stored, with the notification that will show it and when that is due, in Unix milliseconds. Rejects as `send` does, or
   * as the store does; then repeat it, under its id.
   */
  add(notifier: DigestSender, item: DigestItem<Item, C>): Promise<{ readonly id: string; readonly until: number }>
}

interface Variables {
  readonly digest: string
  readonly until: number
}

/** Stands for the variables of a window that has not ended: to be planned with, not to be shown. */
class Collecting {
  readonly until: number

  constructor(until: number) {
    this.until = until
  }
}

/** A digest: `add` collects for `window`, then one notification shows all of it. Throws `RequestError` on options that cannot work. */
export function digest<Item, V, C extends Channel>(options: DigestOptions<Item, V, C>): Digest<Item, C> {
  const { window, keepFor } = checked(options)
  const { store, template, merge, id: name = template.id, recipient: keyOf, clock = systemClock } = options

  async function close(id: string, now: number): Promise<readonly string[]> {
    try {
      return await store.closeWindow(id, now, now - keepFor)
    } catch (error) {
      if (isOmnicascadeError(error)) throw error
      throw new SendError('transient', 'the items of the digest could not be read', { cause: error })
    }
  }

  const collected = {
    ...template,
    // The app may send the template itself as well.
    id: `digest:${name}`,
    // The notifier asks twice: when the window is opened, where there is nothing to show yet, and when it is rendered.
    async validate(variables: unknown) {
      const { digest: id, until } = variables as Variables
      const now = clock.now()
      if (now < until) return { value: new Collecting(until) }
      const texts = await close(id, now)
      if (texts.length === 0) return { issues: [{ path: 'digest', message: 'holds no items: none was stored before its end' }] }
      return template.validate(merge(texts.map((text) => JSON.parse(text) as Item)))
    },
    render(channel: C, variables: unknown, locale: string | undefined) {
      if (!(variables instanceof Collecting)) return template.render(channel, variables, locale)
      const words = "the digest's window has not ended by its clock: give digest() the clock of the notifier"
      throw new SendError('transient', words, { retryAfter: variables.until - clock.now() })
    },
  } as Template<never, C>

  async function announce(notifier: DigestSender, id: string, request: NotificationRequest): Promise<string> {
    const { id: notificationId } = await notifier.send(request as never).catch((error) => {
      // Whoever opened it with us asked for other rules, and was first.
      if (!isOmnicascadeError(error) || error.code !== 'idempotency-conflict') throw error
      return { id: (error as IdempotencyConflictError).notificationId }
    })
    await store.announceWindow(id, notificationId)
    return notificationId
  }

  async function add(notifier: DigestSender, given: DigestItem<Item, C>): Promise<{ id: string; until: number }> {
    const { key: own = null, id: itemId = crypto.randomUUID(), item, ...rules } = given
    const recipient = keyOf?.(given.to, firstChannel(given.cascade)) ?? recipientKey(given.to)
    const text = JSON.stringify(item)
    if (text === undefined) throw new RequestError('the digest cannot take the item', [{ path: 'item', message: 'is no JSON' }])
    const key = JSON.stringify([name, recipient ?? null, own])
    for (;;) {
      const now = clock.now()
      const opened = await store.openWindow({ key, item: itemId, now, until: now + window })
      const { id, until } = opened
      const variables: Variables = { digest: id, until }
      const request = { ...rules, template: collected, variables, sendAt: until, idempotencyKey: `digest:${id}` }
      try {
        const notificationId = opened.notificationId ?? (await announce(notifier, id, request as never))
        if (await store.addItem({ window: id, key, id: itemId, text })) return { id: notificationId, until }
      } catch (error) {
        // The window was over before its notification was planned: the next one is open.
        if (!isOmnicascadeError(error) || error.code !== 'invalid-request' || clock.now() < until) throw error
      }
    }
  }

  return { template: collected, add }
}

/** Of a cascade that is not checked yet. */
function firstChannel<C extends Channel>(cascade: readonly StepInput<C>[] | undefined): Channel {
  const step = cascade?.[0]
  if (typeof step !== 'object' || step === null) return step as Channel
  return 'channel' in step ? step.channel : (step.channels?.[0] as Channel)
}

function checked<Item, V, C extends Channel>(
  options: DigestOptions<Item, V, C>,
): { readonly window: number; readonly keepFor: number } {
  checkNames('digest', options, ['id', 'store', 'window', 'template', 'merge', 'keepFor', 'recipient', 'clock'])
  const { store, template, merge, keepFor = '30d', recipient = recipientKey, clock = systemClock } = options ?? {}
  const { id = 'default' } = options ?? {}
  const window = millisecondsOf(options?.window) ?? 0
  const kept = millisecondsOf(keepFor)
  checkOptions('digest', [
    ['store', store, typeof store?.openWindow === 'function', 'be a store of digests: give what memoryPreferences() made, say'],
    ['window', options?.window, window > 0, `be longer than nothing; what was given ${durationForm}`],
    ['template', template, typeof template?.validate === 'function', 'be what defineTemplate made'],
    ['merge', merge, typeof merge === 'function', 'be a function'],
    ['id', id, isText(id), 'be text that is not empty'],
    ['recipient', recipient, typeof recipient === 'function', 'be a function'],
    ['keepFor', keepFor, kept !== undefined, `be a duration; what was given ${durationForm}`],
    clockRule(clock),
  ])
  return { window, keepFor: kept ?? 0 }
}
