import { SendError } from '../contract/errors.ts'
import type { SmsPolicy } from '../contract/template.ts'
import { gsmUnits } from './gsm7.ts'
import { transliterate } from './transliterate.ts'

/** How an SMS is encoded, and thereby what it costs. */
export interface SegmentCount {
  readonly encoding: 'gsm-7' | 'ucs-2'
  /** Septets in GSM-7 (two for a character of the extension table), UTF-16 code units in UCS-2. */
  readonly units: number
  /** Messages billed; 0 for an empty text. */
  readonly segments: number
  /** Units that fit one segment: 160 or 70 alone, 153 or 67 where several are joined (8-bit reference; 3GPP TS 23.040). */
  readonly perSegment: number
  /** Units still free in the last segment. */
  readonly remaining: number
  /** The distinct characters that GSM-7 lacks, in order of appearance. */
  readonly forcing: readonly string[]
}

const limits = { 'gsm-7': { single: 160, joined: 153 }, 'ucs-2': { single: 70, joined: 67 } } as const

/** Counts the segments of an SMS exactly as they are cut: neither an escape pair nor a surrogate pair is ever split. */
export function countSegments(text: string): SegmentCount {
  const { encoding, units, forcing } = survey(text)
  const { single, joined } = limits[encoding]
  if (units <= single) {
    return { encoding, units, segments: units === 0 ? 0 : 1, perSegment: single, remaining: single - units, forcing }
  }
  const { ends, last } = cut(text, encoding)
  return { encoding, units, segments: ends.length, perSegment: joined, remaining: joined - last, forcing }
}

/** The text of each segment, in order. */
export function splitSegments(text: string): string[] {
  const { encoding, units } = survey(text)
  if (units === 0) return []
  if (units <= limits[encoding].single) return [text]
  const { ends } = cut(text, encoding)
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))
}

/**
 * The text as a template's policy wants it. Throws a `SendError` of kind `content` if the policy forbids it.
 * Where a single character stays that only UCS-2 has, transliterating the rest would save nothing: the text stays as it was written.
 */
export function applySmsPolicy(text: string, policy: SmsPolicy | undefined): string {
  if (policy === undefined) return text
  const { unicode, maxSegments = Number.POSITIVE_INFINITY } = policy
  const sent = unicode === 'transliterate' ? gsmLikeness(text) : text
  const { encoding, segments, forcing } = countSegments(sent)
  if (unicode === 'reject' && encoding === 'ucs-2') {
    throw refused(`the SMS needs UCS-2 because of ${named(forcing)}; sms.unicode forbids it`)
  }
  if (segments > maxSegments) {
    const why = encoding === 'ucs-2' ? ` (in UCS-2, because of ${named(forcing)})` : ''
    throw refused(`the SMS takes ${segments} segments${why}, and sms.maxSegments is ${maxSegments}; shorten it`)
  }
  return sent
}

function gsmLikeness(text: string): string {
  if (survey(text).encoding === 'gsm-7') return text
  const likeness = transliterate(text)
  return survey(likeness).encoding === 'gsm-7' ? likeness : text
}

function refused(message: string): SendError {
  return new SendError('content', message, { field: 'text' })
}

function named(characters: readonly string[]): string {
  const names = characters.slice(0, 5).map((character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    return `"${character}" (U+${code})`
  })
  return names.join(', ') + (characters.length > 5 ? ` and ${characters.length - 5} more` : '')
}

function survey(text: string): { encoding: 'gsm-7' | 'ucs-2'; units: number; forcing: string[] } {
  let septets = 0
  const forcing = new Set<number>()
  for (let index = 0; index < text.length; index++) {
    const units = gsmUnits(text.charCodeAt(index))
    septets += units
    if (units > 0) continue
    const code = text.codePointAt(index)!
    forcing.add(code)
    if (code > 0xffff) index++
  }
  return forcing.size === 0
    ? { encoding: 'gsm-7', units: septets, forcing: [] }
    : { encoding: 'ucs-2', units: text.length, forcing: [...forcing].map((code) => String.fromCodePoint(code)) }
}

/** Where each of several joined segments ends, and how many units the last one holds. */
function cut(text: string, encoding: 'gsm-7' | 'ucs-2'): { ends: number[]; last: number } {
  const limit = limits[encoding].joined
  const ends: number[] = []
  let used = 0
  for (let index = 0; index < text.length; ) {
    const length = text.codePointAt(index)! > 0xffff ? 2 : 1
    const units = encoding === 'ucs-2' ? length : gsmUnits(text.charCodeAt(index))
    if (used + units > limit) {
      ends.push(index)
      used = 0
    }
    used += units
    index += length
  }
  ends.push(text.length)
  return { ends, last: used }
}
