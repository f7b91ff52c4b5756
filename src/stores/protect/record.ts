import type { Address, Recipient } from '../../contract/channel.ts'
import type { TimelineEntry } from '../../contract/events.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { Message, NotificationRecord } from '../../contract/record.ts'
import { parted, type Said } from './said.ts'

/** What of a record may tell who was told what. */
export interface Personal {
  readonly to: Recipient
  readonly message: Message
  readonly metadata: JsonObject | null
  readonly fingerprint: NotificationRecord['fingerprint']
  /** Of each step, where each of its attempts was sent. */
  readonly addresses: readonly (readonly (Address | null)[])[]
  /** What the receipts of the timeline said, by place. */
  readonly said: Readonly<Record<number, Said>>
}

// Where the sealed text stands: as the record's metadata, which is plain JSON to every store.
const mark = 'omnicascade.sealed'

/** Takes out of a record what may tell who was told what. */
export function personalOf({ to, message, metadata, fingerprint, steps, timeline }: NotificationRecord): Personal {
  const said = timeline.flatMap((entry, place) => {
    const own = entry.type === 'attempt.receipt' ? parted(entry).said : null
    return own === null ? [] : [[place, own] as const]
  })
  const addresses = steps.map(({ attempts }) => attempts.map((attempt) => attempt.to))
  return { to, message, metadata, fingerprint, addresses, said: Object.fromEntries(said) }
}

/** What is left of a record without it. */
export function withoutPersonal(record: NotificationRecord): NotificationRecord {
  return {
    ...record,
    to: {},
    message: withoutContent(record.message),
    metadata: null,
    fingerprint: null,
    steps: record.steps.map((step) => ({ ...step, attempts: step.attempts.map((attempt) => ({ ...attempt, to: null })) })),
    timeline: record.timeline.map((entry): TimelineEntry => (entry.type === 'attempt.receipt' ? parted(entry).rest : entry)),
  }
}

/** Puts back what was taken out. */
export function withPersonal(record: NotificationRecord, { addresses, said, ...personal }: Personal): NotificationRecord {
  return {
    ...record,
    ...personal,
    steps: record.steps.map((step, index) => ({
      ...step,
      attempts: step.attempts.map((attempt, at) => ({ ...attempt, to: addresses[index]?.[at] ?? null })),
    })),
    timeline: record.timeline.map((entry, place) => (entry.type === 'attempt.receipt' ? { ...entry, ...said[place] } : entry)),
  }
}

/** A record that is over, without what is to be forgotten; the fingerprint knows a repeated request again. */
export function redacted(record: NotificationRecord, what: 'content' | 'personal'): NotificationRecord {
  if (what === 'content') return { ...record, message: withoutContent(record.message) }
  return { ...withoutPersonal(record), fingerprint: record.fingerprint }
}

/** A record that carries a sealed text. */
export function withSealed(record: NotificationRecord, sealed: string): NotificationRecord {
  return { ...record, metadata: { [mark]: sealed } }
}

/** The sealed text that a record carries: then it has nothing personal besides. What an app calls by its name stands beside a recipient. */
export function sealedIn({ to, metadata, fingerprint }: NotificationRecord): string | undefined {
  const sealed = metadata?.[mark]
  const isBare = fingerprint === null && Object.keys(to).length === 0
  return isBare && typeof sealed === 'string' ? sealed : undefined
}

function withoutContent(message: Message): Message {
  return 'content' in message ? { content: {} } : { template: message.template, variables: {} }
}
