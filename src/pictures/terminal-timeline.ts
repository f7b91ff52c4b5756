import { formatTimeline } from '../cascade/format-timeline.ts'
import type { TimelineEntry } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import { type Shade, shaded, takesColour } from './colour.ts'

/** How `terminalTimeline` writes. */
export interface TerminalTimelineOptions {
  /** IANA zone of the clock times; UTC when left out. */
  readonly timeZone?: string
  /** Default: whether standard output is a terminal, unless the environment's NO_COLOR or FORCE_COLOR says otherwise. */
  readonly colour?: boolean
}

/** The lines of `formatTimeline`, in colours where the terminal takes them. Throws a `RequestError` for a time zone that does not exist. */
export function terminalTimeline(
  record: NotificationRecord,
  { timeZone = 'UTC', colour = takesColour() }: TerminalTimelineOptions = {},
): string {
  const text = formatTimeline(record, { timeZone })
  if (!colour) return text
  const [header, ...lines] = text.split('\n')
  const coloured = lines.map((line, index) => {
    const shade = shadeOf(record.timeline[index]!)
    return shade === null ? line : shaded(shade, line)
  })
  return [shaded('bold', header!), ...coloured].join('\n')
}

const shades: Readonly<Partial<Record<TimelineEntry['type'], Shade>>> = {
  'notification.created': 'dim',
  'notification.duplicate-delivery': 'warn',
  'step.held': 'warn',
  'step.skipped': 'dim',
  'step.superseded': 'dim',
  'step.recalled': 'dim',
  'step.succeeded': 'good',
  'step.failed': 'bad',
  'step.timed-out': 'warn',
  'attempt.failed': 'bad',
  'attempt.contradicted': 'warn',
}

const statuses: Readonly<Record<string, Shade>> = {
  delivered: 'good',
  read: 'good',
  clicked: 'good',
  failed: 'bad',
  expired: 'warn',
  cancelled: 'warn',
}

function shadeOf(entry: TimelineEntry): Shade | null {
  return shades[entry.type] ?? ('status' in entry ? statuses[entry.status] : undefined) ?? null
}
