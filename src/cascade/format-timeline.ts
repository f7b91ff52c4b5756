import type { NotificationRecord } from '../contract/record.ts'
import { type Clock, clockOf, elapsed, outcomeOf, placeOf, plain, sentence } from './timeline-words.ts'

/** How `formatTimeline` writes. */
export interface FormatTimelineOptions {
  /** `text`, the default, for a terminal or a log; `mermaid` for a sequence diagram. */
  readonly format?: 'text' | 'mermaid'
  /** IANA zone of the clock times; UTC when left out. */
  readonly timeZone?: string
}

/**
 * Renders a record's history for people: a header with id and outcome, then a line for each entry, or a Mermaid sequence diagram.
 * Addresses are not shown, and of a clicked link its host and path alone: the rest may hold a token. Whatever vendors and apps wrote is made harmless: one entry stays one line, and the diagram parses.
 * Throws a `RequestError` for a time zone that does not exist.
 */
export function formatTimeline(record: NotificationRecord, options: FormatTimelineOptions = {}): string {
  const timeZone = options.timeZone ?? 'UTC'
  const { day, clock } = clockOf(record.createdAt, timeZone)
  const header = plain(`${record.id}: ${outcomeOf(record)}`)
  if (options.format === 'mermaid') return diagram(record, header, clock)
  const rows = record.timeline.map((entry, at) => [
    elapsed(entry.at - record.createdAt),
    clock(entry.at),
    placeOf(record, entry),
    plain(sentence(record, entry, at, clock)),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return [`${header} (${day}, ${timeZone})`, ...lines].join('\n')
}

/** A sequence diagram: the app on the left, one participant for each channel and provider. */
function diagram(record: NotificationRecord, header: string, clock: Clock): string {
  const participants: string[] = []
  const lines = record.timeline.map((entry, at) => {
    const channel = placeOf(record, entry)
    const text = (subject: string) =>
      harmless(plain(`${elapsed(entry.at - record.createdAt)} ${subject}${sentence(record, entry, at, clock)}`))
    if (!('provider' in entry)) return `Note over app: ${text(channel && `${channel} `)}`
    const label = channel === entry.provider ? channel : `${channel} by ${entry.provider}`
    if (!participants.includes(label)) participants.push(label)
    const other = `p${participants.indexOf(label)}`
    if (entry.type === 'attempt.started') return `app->>${other}: ${text('')}`
    const bad = /failed|expired/.test('status' in entry ? entry.status : entry.type)
    return `${other}${bad ? '--x' : '-->>'}app: ${text('')}`
  })
  const named = participants.map((label, at) => `participant p${at} as ${harmless(plain(label))}`)
  return ['sequenceDiagram', `title ${harmless(header)}`, 'participant app', ...named, ...lines].join('\n  ')
}

/** Mermaid's own characters as its entity codes: all but letters, digits, spaces and a few marks that mean nothing to it. */
function harmless(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} .,()/+\-_'!?→:]|:(?! )/gu, (sign) => `#${sign.codePointAt(0)};`)
}
