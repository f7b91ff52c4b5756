import type { NotifierEvent, NotifierEvents } from '../contract/events.ts'
import { fieldsOf } from './fields.ts'

/** How loud an event is logged; `silent`: not at all. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

type Log = (...args: never[]) => unknown

/** pino, bunyan, winston, console, or whatever is called like one of them: with a method `log`, the words come first; without, the fields. */
export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

/** What emits events: a notifier. */
export interface LogSource {
  on(type: '*', listener: (event: NotifierEvent) => void): () => void
}

/** Options of `logEvents`. */
export interface LogEventsOptions {
  /** In place of the levels of `docs/telemetry.md`. */
  readonly levels?: Readonly<Partial<Record<keyof NotifierEvents, LogLevel>>>
  /** Also logs what vendors, and hooks of the app, say in their own words, which may be personal. Default false. Links and addresses never are. */
  readonly words?: boolean
}

const levels: Readonly<Record<keyof NotifierEvents, LogLevel>> = {
  'notification.created': 'debug',
  'notification.cancel-requested': 'info',
  'notification.settled': 'info',
  'notification.corrected': 'info',
  'notification.duplicate-delivery': 'warn',
  'step.held': 'info',
  'step.skipped': 'debug',
  'step.succeeded': 'debug',
  'step.failed': 'info',
  'step.timed-out': 'info',
  'step.superseded': 'debug',
  'step.recalled': 'debug',
  'attempt.started': 'debug',
  'attempt.accepted': 'debug',
  'attempt.failed': 'info',
  'attempt.receipt': 'debug',
  'attempt.contradicted': 'warn',
  'provider.opened': 'warn',
  'provider.closed': 'info',
  'content.refused': 'warn',
  'template.missing': 'warn',
  'link.failed': 'warn',
  'recipient.suppressed': 'info',
  'recipient.restored': 'info',
  'receipt.parked': 'debug',
  'receipt.unmatched': 'warn',
  error: 'error',
}

/**
 * Logs a notifier's events, by default without anything personal; gives what ends it. An outcome that is `failed` or `expired` is a warning.
 * The logger is one that the app has, as it is.
 */
export function logEvents(source: LogSource, logger: Logger, options: LogEventsOptions = {}): () => void {
  const wordsFirst = 'log' in logger
  return source.on('*', (event) => {
    const level = options.levels?.[event.type] ?? levelOf(event)
    if (level === undefined || level === 'silent') return
    const fields = { event: event.type, ...fieldsOf(event), ...(options.words && wordsOf(event)) }
    const words = `omnicascade: ${event.type}`
    const log = (...args: unknown[]) => (logger[level] as (...args: unknown[]) => unknown)(...args)
    if (event.type !== 'error') return wordsFirst ? log(words, fields) : log(fields, words)
    // Console prints an error whole where it is an argument of its own; pino where it is called `err`.
    return wordsFirst ? log(words, event.error, fields) : log({ ...fields, err: event.error }, words)
  })
}

function levelOf(event: NotifierEvent): LogLevel {
  const isBad = event.type === 'notification.settled' && (event.status === 'failed' || event.status === 'expired')
  return isBad ? 'warn' : levels[event.type]
}

/** What others have said, in their words. */
function wordsOf(event: NotifierEvent): Record<string, string> {
  const words: Record<string, string> = {}
  if ('failure' in event && event.failure) words.failure = event.failure.message
  if ('message' in event) words.failure = event.message
  if ('reason' in event && event.reason !== undefined) words.reason = event.reason
  const said = 'receipt' in event ? event.receipt : 'suppression' in event ? event.suppression : event
  if ('raw' in said && said.raw !== undefined) words.raw = said.raw
  if ('receipt' in event && event.receipt.reason !== undefined) words.reason = event.receipt.reason
  return words
}
