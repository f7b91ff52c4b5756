// How records are told apart in bytes. Everything that frames them is ASCII, and no byte of a longer UTF-8 character is.
// Three framings, in any mixture: one record per line (NDJSON), RFC 7464 (a record separator before, a line feed after), and
// pretty-printed records one after another. What they have in common: `}`, white space or separators, and `{` at the start of a
// line or right after a separator, is never within a JSON value, for between them JSON wants a comma, and no string holds a raw line feed.

/** The ASCII record separator of RFC 7464. */
export const RS = 0x1e
const LF = 0x0a
const CR = 0x0d
const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const isBreak = (byte: number | undefined) => byte === LF || byte === CR || byte === RS
const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || isBreak(byte)

/** A boundary: the offset just after the `}` before it, and that of the `{` after it. */
export interface Boundary {
  readonly close: number
  readonly open: number
}

/** The last boundary whose `{` is at `from` or later; what comes before it may reach back to `start`. */
export function lastBoundary(bytes: Uint8Array, start: number, from: number, end: number): Boundary | undefined {
  for (let open = end; ; ) {
    open = open > from ? bytes.lastIndexOf(OPEN, open - 1) : -1
    if (open < from || open <= start) return undefined
    if (!isBreak(bytes[open - 1])) continue
    let close = open - 1
    while (close > start && isBlank(bytes[close - 1])) close--
    if (close > start && bytes[close - 1] === CLOSE) return { close, open }
  }
}

/** The first offset that is neither white space nor a separator. */
export function skipBlank(bytes: Uint8Array, from: number, end: number): number {
  while (from < end && isBlank(bytes[from])) from++
  return from
}

/** Where something that is no object ends: before the next `{`, line break or separator; -1 if that is not in sight. */
export function endOfStray(bytes: Uint8Array, from: number, end: number): number {
  while (from < end && bytes[from] !== OPEN && !isBreak(bytes[from])) from++
  return from < end ? from : -1
}

/**
 * Where the object that starts at `from` ends, by its braces and strings; whether it is JSON is for `JSON.parse` to say.
 * `'broken'` if it cannot be JSON whatever follows, `'open'` if it goes on beyond `end`.
 */
export function endOfObject(bytes: Uint8Array, from: number, end: number): number | 'broken' | 'open' {
  let depth = 0
  let inString = false
  let before = 0
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (inString) {
      if (byte === QUOTE) inString = false
      else if (byte === BACKSLASH) at++
      else if (byte < 0x20) return 'broken'
    } else if (byte === QUOTE) inString = true
    else if (byte === RS) return 'broken'
    else if (byte === OPEN || byte === 0x5b) {
      // The next record, if this one was cut off: within a value only `:`, `,` or `[` can come before a brace.
      if (byte === OPEN && depth > 0 && before !== 0x3a && before !== 0x2c && before !== 0x5b) return 'broken'
      depth++
    } else if (byte === CLOSE || byte === 0x5d) {
      depth--
      if (depth === 0) return at + 1
    }
    if (!isBlank(byte)) before = byte
  }
  return 'open'
}

/** Where a record may start again: at a separator, or at a `{` that begins a line; -1 if that is not in sight. */
export function nextStart(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at]
    if (byte === RS) return at
    if (at + 1 < end && isBreak(byte) && bytes[at + 1] === OPEN) return at + 1
  }
  return -1
}
