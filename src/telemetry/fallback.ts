import type { Channel } from '../contract/channel.ts'
import type { NotifierEvent } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { reasonOf } from './fields.ts'

/** A step that was given up, why, and the channel whose turn it is now. */
export interface Fallback {
  readonly channel: Channel
  readonly next: Channel
  readonly cause: string
}

/** The fallback that an event tells of, if it does: a step of the chain has ended without success, and another one is left. */
export function fallbackOf(event: NotifierEvent, { steps }: NotificationRecord): Fallback | undefined {
  const cause = causeOf(event)
  if (cause === undefined || !('step' in event) || steps[event.step]!.required) return undefined
  const next = steps.find(({ required, endedAt }, index) => index > event.step && !required && endedAt === null)
  return next && { channel: event.channel, next: next.channel, cause }
}

function causeOf(event: NotifierEvent): string | undefined {
  if (event.type === 'step.timed-out') return 'timed-out'
  // What is left out for another reason was never to be tried, or is no longer.
  const isVeto = event.type === 'step.skipped' && event.reason.startsWith('vetoed: ')
  return event.type === 'step.failed' || isVeto ? reasonOf(event.reason) : undefined
}
