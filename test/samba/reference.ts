// A Samba stream read slowly and plainly, from its whole, to compare the parser with: written from the rules, not from the parser.

/** What a stream gives. */
export interface Reading {
  readonly events: readonly unknown[]
  readonly errors: readonly { readonly code: string; readonly record: number; readonly offset: number; readonly what: string }[]
}

const blank = ' \t\n\r\u001e'
const lineBreak = '\n\r\u001e'

/** Reads a stream, one character for each of its bytes. */
export function readPlainly(bytes: Uint8Array): Reading {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  const events: unknown[] = []
  const errors: Reading['errors'][number][] = []
  const malformed = 'samba-malformed-record'
  let record = 0
  let at = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
  const fail = (what: string, code = malformed) => errors.push({ code, record, offset: at, what })

  for (;;) {
    while (at < text.length && blank.includes(text.charAt(at))) at++
    if (at === text.length) return { events, errors }
    record++
    if (text[at] !== '{') {
      fail('is not an object')
      while (at < text.length && text[at] !== '{' && !lineBreak.includes(text.charAt(at))) at++
      continue
    }
    const { end, isCut } = objectAt(text, at)
    if (end === undefined) {
      const next = restart(text, at + 1, text.length)
      if (isCut && next === undefined) fail('is cut off: the stream ends within it', 'samba-truncated-record')
      else fail('is not JSON')
      at = next ?? text.length
      continue
    }
    const outcome = outcomeOf(bytes.slice(at, end))
    if (typeof outcome === 'string') fail(outcome)
    else events.push(outcome)
    at = (outcome === 'is not JSON' ? restart(text, at + 1, end) : undefined) ?? end
  }
}

/** Where an object ends: where as many brackets have closed as were opened, strings aside. `isCut`: it could yet end, if there were more. */
function objectAt(text: string, start: number): { readonly end?: number; readonly isCut?: boolean } {
  let open = 0
  let before = ''
  for (let at = start; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') {
      at++
      while (at < text.length && text[at] !== '"') {
        if (text[at] === '\\') at++
        else if (text.charAt(at) < ' ') return {}
        at++
      }
    } else if (char === '\u001e') return {}
    else if (char === '{' && open > 0 && !':,['.includes(before)) return {}
    else if ('{['.includes(char)) open++
    else if ('}]'.includes(char) && --open === 0) return { end: at + 1 }
    if (!blank.includes(char)) before = char
  }
  return { isCut: true }
}

/** Where, after something that is broken, a record may begin. */
function restart(text: string, from: number, to: number): number | undefined {
  for (let at = from; at < to; at++) {
    if (text[at] === '\u001e') return at
    if (lineBreak.includes(text.charAt(at)) && at + 1 < to && text[at + 1] === '{') return at + 1
  }
  return undefined
}

interface Fields {
  [name: string]: unknown
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isTime = (value: unknown) => Number.isSafeInteger(value) && !Number.isNaN(new Date(value as number).getTime())
const isRef = (value: unknown) => isObject(value) && isText(value.id) && typeof value.name === 'string'

/** The event, or what is wrong with it. */
function outcomeOf(bytes: Uint8Array): object | string {
  let text: string
  let event: Fields
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return 'is not UTF-8'
  }
  try {
    // Integers as their digits wherever a number would lose some.
    const exact = (_: string, value: unknown, context?: { source: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '') ? context?.source : value
    JSON.parse(text)
    event = JSON.parse(text, exact)
  } catch {
    return 'is not JSON'
  }
  const plain: Fields = JSON.parse(text)
  const { smsEvent: sms, source } = event
  if (!isObject(sms)) return 'smsEvent must be an object'
  if (!isObject(source)) return 'source must be an object'
  // Elsewhere numbers stay what JSON makes of them.
  event = {
    ...plain,
    smsEvent: { ...(plain.smsEvent as Fields), trackpoint: sms.trackpoint, userId: sms.userId },
    source: plain.source,
  }
  return faultOf(event.smsEvent as Fields, event.source as Fields) ?? event
}

function faultOf(sms: Fields, source: Fields): string | undefined {
  if (Number.isSafeInteger(sms.trackpoint)) sms.trackpoint = String(sms.trackpoint)
  if (Number.isSafeInteger(sms.userId)) sms.userId = String(sms.userId)
  if (!isText(sms.trackpoint)) return 'smsEvent.trackpoint must be an integer'
  if (!isText(sms.userId)) return 'smsEvent.userId must be a string'
  if (!isText(sms.status)) return 'smsEvent.status must be a string'
  if (!isTime(sms.date)) return 'smsEvent.date must be Unix milliseconds'
  if (!isTime(source.sendDate)) return 'source.sendDate must be Unix milliseconds'
  if (!isText(source.type)) return 'source.type must be a string'
  if (source.type !== 'flow' && source.type !== 'one-off') {
    Object.assign(source, { type: 'unknown', name: source.type })
    return undefined
  }
  if (!isRef(source.campaign)) return 'source.campaign must have an id and a name'
  return source.type === 'flow' && !isRef(source.node) ? 'source.node must have an id and a name' : undefined
}
