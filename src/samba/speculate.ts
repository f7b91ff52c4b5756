// Most records differ from one before them in four values alone. Where all the text around those is the same, and each of the four is a
// token of the same kind, a record is JSON of the same shape, and its event is the same event with these four values: nothing is left to parse.
import type { SambaFlow, SambaOneOff, SambaSmsEvent } from './events.ts'

/** Reads records that are like ones before them without parsing them. */
export interface Speculation {
  /** Some more records are to come at once. How much is tried, and learnt, with them depends on what that has brought so far. */
  begin(): void
  /** The event of the record that begins at `at`; undefined if it is like none that is remembered. */
  read(text: string, at: number): SambaSmsEvent | undefined
  /** The offset after the record that was read last. */
  readonly end: number
  /** Remembers a record and the event that it was parsed to. */
  learn(text: string, event: SambaSmsEvent): void
}

/** The text before each of the first three values: the same in all records of an account. */
interface Head {
  readonly userId: string
  readonly status: string
  readonly date: string
}

/** Records of one type: the text from the date to the id of the campaign, and what comes after each id. */
interface Kind {
  readonly campaign: string
  readonly likenesses: Map<string, readonly Likeness[]>
}

/** The text from a campaign's id to the date of sending, and after that. */
interface Likeness {
  readonly sendDate: string
  readonly rest: string
  readonly event: KnownEvent
}

type KnownEvent = SambaSmsEvent & { readonly source: SambaOneOff | SambaFlow }

// What is kept in mind is bounded: how long a record is, how many there are, how many of one campaign, and of how many types.
const longestText = 2048
const mostLikenesses = 1000
const mostNodes = 8
const mostKinds = 4
// Digits of Unix milliseconds from 2001 to 2286.
const timeLength = 13
// To learn a record takes as long as parsing several, and to find that one is like none before it a part of that.
const hitsPerLesson = 16
const mostMisses = 32

/** Speculation on one stream. */
export function createSpeculation(): Speculation {
  let head: Head | undefined
  let kinds: readonly Kind[] = []
  let count = 0
  let end = 0
  let hits = 16 * hitsPerLesson
  let misses = 0
  let lessons = 0

  function kindOf(campaign: string): Kind {
    const known = kinds.find((kind) => kind.campaign === campaign)
    if (known !== undefined) return known
    const kind = { campaign: own(campaign), likenesses: new Map() }
    kinds = [kind, ...kinds].slice(0, mostKinds)
    return kind
  }

  function match(text: string, at: number): SambaSmsEvent | undefined {
    if (head === undefined) return undefined
    const userEnd = endOfString(text, head.userId, at)
    const statusEnd = userEnd === -1 ? -1 : endOfString(text, head.status, userEnd)
    const date = statusEnd === -1 ? -1 : timeAfter(text, head.date, statusEnd)
    if (date === -1) return undefined
    const dateEnd = statusEnd + head.date.length + timeLength
    const kind = kinds.find(({ campaign }) => isAt(text, campaign, dateEnd))
    if (kind === undefined) return undefined
    const id = dateEnd + kind.campaign.length
    const idEnd = text.indexOf('"', id)
    for (const like of kind.likenesses.get(text.slice(id, idEnd)) ?? []) {
      const sendDate = timeAfter(text, like.sendDate, idEnd)
      const sendDateEnd = idEnd + like.sendDate.length + timeLength
      if (sendDate === -1 || !isAt(text, like.rest, sendDateEnd)) continue
      end = sendDateEnd + like.rest.length
      const userId = copy(text, at + head.userId.length, userEnd)
      const status = copy(text, userEnd + head.status.length, statusEnd)
      return eventLike(like.event, userId, status, date, sendDate)
    }
    return undefined
  }

  return {
    begin() {
      lessons = 1 + Math.floor(hits / hitsPerLesson)
      hits = 0
      misses = 0
    },
    read(text, at) {
      if (misses === mostMisses) return undefined
      const event = match(text, at)
      if (event === undefined) misses++
      else {
        hits++
        misses = 0
      }
      return event
    },
    get end() {
      return end
    },
    learn(text, event) {
      if (lessons === 0) return
      lessons--
      if (text.length > longestText || text.includes('\\')) return
      if (!isKnown(event) || !keys.every((key) => isOnce(text, key))) return
      const parts = shape.exec(text)?.groups as Shape | undefined
      const { smsEvent: sms, source } = event
      // `1673763160310e1` has these digits as well.
      if (parts === undefined || sms.date !== Number(parts.dateValue) || source.sendDate !== Number(parts.sendDateValue)) return
      const { userId, status, date } = parts
      if (head?.userId !== userId || head.status !== status || head.date !== date) {
        head = { userId: own(userId), status: own(status), date: own(date) }
        count = mostLikenesses
      }
      if (count === mostLikenesses) {
        kinds = []
        count = 0
      }
      count++
      const { likenesses } = kindOf(parts.campaign)
      const like = {
        sendDate: own(parts.sendDate),
        rest: own(parts.rest),
        // A copy: whoever gets the event may change it.
        event: eventLike(event, sms.userId, sms.status, sms.date, source.sendDate),
      }
      const others = likenesses.get(source.campaign.id) ?? []
      likenesses.set(source.campaign.id, [like, ...others].slice(0, mostNodes))
    },
  }
}

// In a text without a backslash each quote begins or ends a string, and a string that a colon follows is a key. Each of these keys being
// there once, the expression has one place to look for each, and takes time in proportion to the text.
const keys = ['"userId"', '"status"', '"date"', '"campaign"', '"sendDate"']
const shape = new RegExp(
  [
    String.raw`^(?<userId>.*"userId"\s*:\s*")[^"]+(?<status>"\s*,\s*"status"\s*:\s*")[^"]+`,
    String.raw`(?<date>"\s*,\s*"date"\s*:\s*)(?<dateValue>[1-9]\d{12})`,
    String.raw`(?<campaign>.*"campaign"\s*:\s*\{\s*"id"\s*:\s*")[^"]+`,
    String.raw`(?<sendDate>".*"sendDate"\s*:\s*)(?<sendDateValue>[1-9]\d{12})(?<rest>.*)$`,
  ].join(''),
  's',
)

/** What the expression finds: the texts before values and after the last, and the digits of times. */
type Shape = Readonly<
  Record<'userId' | 'status' | 'date' | 'dateValue' | 'campaign' | 'sendDate' | 'sendDateValue' | 'rest', string>
>

function isOnce(text: string, part: string): boolean {
  const at = text.indexOf(part)
  return at !== -1 && text.lastIndexOf(part) === at
}

/** Whether `eventLike` copies all that could be changed in an event. */
function isKnown(event: SambaSmsEvent): event is KnownEvent {
  const { smsEvent, source, ...more } = event
  if (source.type === 'unknown') return false
  const copied: readonly unknown[] = source.type === 'flow' ? [source.campaign, source.node] : [source.campaign]
  return (
    isFlat(more) &&
    isFlat(smsEvent) &&
    Object.values(source).every((value) => typeof value !== 'object' || (copied.includes(value) && isFlat(value)))
  )
}

const isFlat = (fields: object): boolean => Object.values(fields).every((value) => typeof value !== 'object')

/** The event with values of its own, in the order of its fields. */
function eventLike(event: KnownEvent, userId: string, status: string, date: number, sendDate: number): KnownEvent {
  const { smsEvent, source } = event
  return {
    ...event,
    smsEvent: { ...smsEvent, userId, status, date },
    source:
      source.type === 'flow'
        ? { ...source, campaign: { ...source.campaign }, node: { ...source.node }, sendDate }
        : { ...source, campaign: { ...source.campaign }, sendDate },
  }
}

/** Whether a part of a text is `part`. `startsWith` compares character by character, which takes three times as long. */
const isAt = (text: string, part: string, at: number): boolean => text.slice(at, at + part.length) === part

/** Where a string after `before` ends: one that stands for itself, without escapes, and is not empty; -1 if there is none. */
function endOfString(text: string, before: string, at: number): number {
  if (!isAt(text, before, at)) return -1
  const start = at + before.length
  for (let end = start; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === 0x22) return end === start ? -1 : end
    if (code < 0x20 || code === 0x5c) return -1
  }
  return -1
}

/** The Unix milliseconds after `before`; -1 if there are none. */
function timeAfter(text: string, before: string, at: number): number {
  if (!isAt(text, before, at)) return -1
  const start = at + before.length
  let time = 0
  for (let place = start; place < start + timeLength; place++) {
    const digit = text.charCodeAt(place) - 0x30
    if (!(digit >= (place === start ? 1 : 0) && digit <= 9)) return -1
    time = time * 10 + digit
  }
  return time
}

// V8 lets a part of 13 characters or more point into its text: whoever keeps it would keep the whole block.

/** The string that stands in a text between quotes, as a text of its own. */
function copy(text: string, from: number, to: number): string {
  return to - from < 13 ? text.slice(from, to) : (JSON.parse(text.slice(from - 1, to + 1)) as string)
}

/** Any part of a text, as a text of its own. */
const own = (part: string): string => JSON.parse(JSON.stringify(part)) as string
