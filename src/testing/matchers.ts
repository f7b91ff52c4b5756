import { formatTimeline } from '../cascade/format-timeline.ts'
import type { Address, Channel } from '../contract/channel.ts'
import type { NotificationRecord, Outcome } from '../contract/record.ts'
import { isSame, type Outbox, type SentMessage } from './outbox.ts'

/** What is expected of a record (`await notifier.get(id)`) or an outbox. `R` is what the runner's matchers give. */
export interface NotificationMatchers<R = unknown> {
  /** Of a record: it has settled as delivered, by this channel or provider if one is named. */
  toHaveDelivered(by?: Channel | (string & {})): R
  /** Of a record: it has settled with this status. */
  toHaveSettledAs(status: Outcome['status']): R
  /** Of a record: these channels or providers were called, no others, in this order. A call that was repeated at once counts once. */
  toHaveTried(...names: readonly (Channel | (string & {}))[]): R
  /** Of an outbox: something was sent to this address, with content that holds these fields if they are given. */
  toHaveSentTo(address: Address, content?: Readonly<Record<string, unknown>>): R
}

/** What a runner gives to its matchers: the same in vitest and jest. */
interface Runner {
  readonly equals: (a: unknown, b: unknown) => boolean
  readonly isNot?: boolean
  readonly utils: { readonly stringify?: (value: unknown) => string }
}

interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** For `expect.extend`. Types come with `omnicascade/testing/vitest` and `omnicascade/testing/jest`. */
export const matchers = {
  toHaveDelivered(this: Runner, received: unknown, by?: string): Verdict {
    return ofRecord('toHaveDelivered', received, this, (record) => ({
      pass: record.outcome?.status === 'delivered' && (by === undefined || deliverersOf(record).includes(by)),
      wanted: `to have been delivered${by === undefined ? '' : ` by ${by}`}`,
    }))
  },
  toHaveSettledAs(this: Runner, received: unknown, status: Outcome['status']): Verdict {
    return ofRecord('toHaveSettledAs', received, this, ({ outcome }) => ({
      pass: outcome?.status === status,
      wanted: `to have settled as ${status}`,
    }))
  },
  toHaveTried(this: Runner, received: unknown, ...names: readonly string[]): Verdict {
    return ofRecord('toHaveTried', received, this, (record) => {
      const tried = triedBy(record)
      const pass = tried.length === names.length && tried.every((call, at) => call.includes(names[at]!))
      return {
        pass,
        wanted: `to have tried ${names.join(', ') || 'nothing'}`,
        instead: tried.map(([provider]) => provider).join(', ') || 'nothing',
      }
    })
  },
  toHaveSentTo(this: Runner, received: unknown, address: Address, content?: Readonly<Record<string, unknown>>): Verdict {
    const sent = (received as Outbox | undefined)?.all
    if (!Array.isArray(sent)) throw new TypeError('toHaveSentTo is for the outbox of createTestNotifier()')
    const holds = (message: SentMessage) =>
      Object.entries(content ?? {}).every(([key, value]) => this.equals((message.content as Record<string, unknown>)[key], value))
    const pass = (sent as readonly SentMessage[]).some((message) => isSame(message.to, address) && holds(message))
    const wanted = `to have sent to ${JSON.stringify(address)}${content === undefined ? '' : ` content with ${print(this, content)}`}`
    return { pass, message: () => `expected the outbox${not(this)} ${wanted}\n\n${list(sent)}` }
  },
}

function ofRecord(
  name: string,
  received: unknown,
  runner: Runner,
  judge: (record: NotificationRecord) => { readonly pass: boolean; readonly wanted: string; readonly instead?: string },
): Verdict {
  const record = received as NotificationRecord | undefined
  if (!Array.isArray(record?.timeline))
    throw new TypeError(`${name} is for a notification's record: give expect() what await notifier.get(id) gives`)
  const { pass, wanted, instead } = judge(record)
  const but = instead === undefined || pass ? '' : `, not ${instead}`
  return { pass, message: () => `expected the notification${not(runner)} ${wanted}${but}\n\n${formatTimeline(record)}` }
}

/** The channel that settled it, and the providers whose attempts of that step were delivered. */
function deliverersOf({ outcome, steps }: NotificationRecord): readonly (string | null)[] {
  const attempts = steps[outcome?.step ?? -1]?.attempts ?? []
  return [
    outcome?.by ?? null,
    ...attempts
      .filter(({ status, receiptFailure }) => status !== null && receiptFailure === null)
      .map(({ provider }) => provider),
  ]
}

/** Provider and channel of each call, in order; a call that was repeated at once is one. */
function triedBy({ timeline }: NotificationRecord): readonly (readonly [provider: string, channel: string])[] {
  const calls = timeline.flatMap((entry) => (entry.type === 'attempt.started' ? [entry] : []))
  const isRepeated = (at: number) => calls[at - 1]?.step === calls[at]!.step && calls[at - 1]!.provider === calls[at]!.provider
  return calls.flatMap(({ provider, channel }, at) => (isRepeated(at) ? [] : [[provider, channel] as const]))
}

function not({ isNot }: Runner): string {
  return isNot ? ' not' : ''
}

function print({ utils }: Runner, value: unknown): string {
  return utils.stringify?.(value) ?? JSON.stringify(value)
}

function list(sent: readonly SentMessage[]): string {
  if (sent.length === 0) return 'it is empty'
  return sent.map(({ channel, to, content }) => `${channel} to ${JSON.stringify(to)}: ${JSON.stringify(content)}`).join('\n')
}
