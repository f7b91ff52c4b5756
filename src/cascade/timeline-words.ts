import { RequestError } from '../contract/errors.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { Failure } from '../contract/failure.ts'
import type { NotificationRecord, StepReason } from '../contract/record.ts'
import { noZone } from './window.ts'

/** Writes a time as people read it. */
export type Clock = (time: number) => string

const words: Readonly<Record<string, string>> = {
  delivered: 'another channel delivered',
  unknown: 'nobody saw the result',
  undelivered: 'it was not delivered',
  recipient: 'the address is at fault',
  content: 'the message is at fault',
  configuration: 'the account is at fault',
  transient: 'every try failed',
  window: 'quiet hours',
  template: 'the template is not registered',
  hook: 'a hook failed',
  host: 'the app has put it off',
  rate: 'too many wait for its provider',
} satisfies Partial<Record<StepReason | Extract<TimelineEntry, { type: 'step.held' }>['reason'], string>>

/** The channel; where a vendor tries several by itself and does not say which, all of them. */
export function placeOf({ steps }: NotificationRecord, entry: TimelineEntry): string {
  return 'step' in entry ? (steps[entry.step]!.delegated?.join('/') ?? entry.channel) : ''
}

/** What happened, in a few plain words; the channel is named beside it, and a provider of the same name is not named again. */
export function sentence(record: NotificationRecord, entry: TimelineEntry, at: number, clock: Clock): string {
  const provider = 'provider' in entry && entry.provider !== entry.channel ? entry.provider : ''
  const subject = provider && `${provider} `
  const agent = provider && ` by ${provider}`
  switch (entry.type) {
    case 'notification.created':
      return entry.sendAt > entry.at ? `created, to be sent at ${clock(entry.sendAt)}` : 'created'
    case 'notification.cancel-requested':
      return `cancel: ${entry.answer.replace('-', ' ')}`
    case 'notification.settled':
      return `settled: ${entry.status}${by(entry.by)}`
    case 'notification.corrected':
      return `corrected by a late receipt: ${entry.status}${by(entry.by)}`
    case 'notification.duplicate-delivery':
      return `delivered more than once: ${entry.channels.join(', ')}`
    case 'step.held':
      return `waits until ${clock(entry.until)}: ${because(entry.reason)}`
    case 'step.skipped':
      return `skipped: ${because(entry.reason)}`
    case 'step.succeeded':
      return `succeeded${entry.assumed ? ', nobody having said otherwise' : ''}${entry.late ? ', late' : ''}`
    case 'step.failed':
      return `gave up: ${told(record, at, entry.failure) ?? because(entry.reason)}${next(record, entry.step)}`
    case 'step.timed-out':
      return `no receipt came in time${next(record, entry.step)}`
    case 'step.superseded':
      return 'sent, but another channel delivered'
    case 'step.recalled':
      return 'called back'
    case 'attempt.started':
      return `sending${agent}`
    case 'attempt.accepted':
      return `accepted${agent}${entry.messageId === null ? '' : ` as ${entry.messageId}`}`
    case 'attempt.failed':
      return `${subject}failed: ${fault(entry.failure)}${entry.retryAt === null ? '' : `, again at ${clock(entry.retryAt)}`}`
    case 'attempt.receipt': {
      const said = [entry.raw, entry.reason, entry.link && placeOfLink(entry.link)].filter((part) => part).join(', ')
      return `${subject}reported ${entry.status}${said && ` (${said})`}`
    }
    case 'attempt.contradicted':
      return `${subject}now reports ${entry.status}; nothing is changed`
    default:
      // A newer version's record may hold what this one does not know; a type missing above does not compile.
      return (entry satisfies never as TimelineEntry).type
  }
}

/** Host and path of a link, which vendors also write without its scheme. */
function placeOfLink(link: string): string {
  return /^(?:(?:[a-z][a-z\d+.-]*:)?\/\/)?(?:[^/?#]*@)?([^?#]*)/i.exec(link)![1]!
}

/** How it ended, in a few words. */
export function outcomeOf({ outcome }: NotificationRecord): string {
  if (!outcome) return 'under way'
  return `${outcome.status}${by(outcome.by)}${outcome.assumed ? ' (assumed)' : ''}`
}

function by(channel: string | null): string {
  return channel === null ? '' : ` by ${channel}`
}

/** A reason in words. */
export function because(reason: string): string {
  return words[reason] ?? reason.replace(/^no-/, 'no ')
}

/** A failure with its kind and the vendor's code. */
export function fault({ message, kind, code }: Failure): string {
  return `${message} (${code === undefined ? kind : `${kind}, ${code}`})`
}

/** The failure in words, unless the line before has told it. */
function told(record: NotificationRecord, at: number, failure: Failure | undefined): string | undefined {
  return failure && record.timeline[at - 1]?.type !== 'attempt.failed' ? fault(failure) : undefined
}

/** The channel that was tried in place of an ended step, if one was. */
function next({ timeline, steps }: NotificationRecord, ended: number): string {
  if (steps[ended]!.required) return ''
  for (const entry of timeline) {
    if (entry.type === 'attempt.started' && entry.step > ended && !steps[entry.step]!.required) return ` → ${entry.channel}`
  }
  return ''
}

/** `+0.3s`, `+1m30s` or `+26h05m` after creation. */
export function elapsed(time: number): string {
  const seconds = Math.max(0, time) / 1000
  if (seconds < 60) return `+${(Math.floor(seconds * 10) / 10).toFixed(1)}s`
  const [big, small, unit, rest] = seconds < 3600 ? [60, 1, 'm', 's'] : [3600, 60, 'h', 'm']
  return `+${Math.floor(seconds / big)}${unit}${String(Math.floor((seconds % big) / small)).padStart(2, '0')}${rest}`
}

/** Clock times of one zone, with the date where it is not the day of `start`. Swedish writes dates as ISO 8601 does. */
export function clockOf(start: number, timeZone: string): { day: string; clock: Clock } {
  let zone: Intl.DateTimeFormat
  try {
    zone = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium', timeZone })
  } catch {
    throw new RequestError('formatTimeline', [{ path: 'timeZone', message: noZone }])
  }
  const day = zone.format(start).slice(0, 10)
  const clock: Clock = (time) => {
    const moment = zone.format(time)
    return moment.startsWith(day) ? moment.slice(11) : moment
  }
  return { day, clock }
}

/** One line: control and format characters (line breaks, terminal escapes, right-to-left overrides) become spaces. */
export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
}
