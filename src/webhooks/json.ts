import { WebhookParseError } from '../contract/errors.ts'
import type { JsonValue } from '../contract/json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The text of a webhook's body: UTF-8 (RFC 8259, 8.1), with or without a byte order mark. Throws `WebhookParseError`. */
export function textOf(source: string, body: string | Uint8Array): string {
  if (typeof body === 'string') return body.charCodeAt(0) === 0xfeff ? body.slice(1) : body
  try {
    return utf8.decode(body)
  } catch {
    throw new WebhookParseError(source, 'the body is not UTF-8: pass the bytes as they came, not decompressed or decoded twice')
  }
}

/** The JSON value of a text. Throws a `WebhookParseError` with the line and column at which it stops being JSON. */
export function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw faultIn(source, text)
  }
}

/** The JSON value of a body, null if it is none: for proofs that are inside the body, before it is known who sent it. */
export function lenientJson(body: Uint8Array): JsonValue {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as JsonValue
  } catch {
    return null
  }
}

/** Runs `make` without recording stacks: they cost more than parsing does, and of errors that are kept for a list they say nothing. */
export function withoutStacks<T>(make: () => T): T {
  const limit = Error.stackTraceLimit
  // Unlike an assignment, `Reflect.set` does not throw where intrinsics are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit)
  }
}

/** As `parseJson`, but integers that a number cannot hold are given as strings of their digits. Three times as slow. */
export function parseJsonExactly(source: string, text: string): unknown {
  try {
    return JSON.parse(text, exactInteger) as unknown
  } catch {
    if (jsonFault(text) !== undefined) throw faultIn(source, text)
    // It is JSON, so only the reviver's recursion can have failed.
    throw new WebhookParseError(source, 'the body is nested too deeply')
  }
}

// The third argument came with ES2025, after our `lib`.
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (Number.isSafeInteger(value)) return value
  const digits = context?.source
  return digits !== undefined && /^-?\d+$/.test(digits) ? digits : value
}

function faultIn(source: string, text: string): WebhookParseError {
  if (text.trim() === '') return new WebhookParseError(source, 'the body is empty', { line: 1, column: 1 })
  const at = jsonFault(text) ?? text.length
  const what = at >= text.length ? 'the text ends before the JSON does' : `${nameOf(text, at)} is not expected here`
  return new WebhookParseError(source, what, placeOf(text, at))
}

/** What a character is, without echoing values: punctuation gives nothing away. */
function nameOf(text: string, at: number): string {
  const char = text[at]!
  if (char === '\n' || char === '\r') return 'a line break'
  return '{}[]:,"'.includes(char) ? `'${char}'` : 'a character'
}

/** Line and column, from 1, of an offset; a column is a UTF-16 code unit. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  let line = 1
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', start)) {
    line++
    start = next + 1
  }
  return { line, column: at - start + 1 }
}

/**
 * The first offset at which a text stops being JSON (its length, if it only ends too soon), or undefined if it is JSON.
 * V8 does not always say where. Iterative, so that no nesting overflows the stack.
 */
export function jsonFault(text: string): number | undefined {
  const closers: ('}' | ']')[] = []
  let at = skip(text, 0, isSpace)

  // Each turn reads one value, or opens a container, and then whatever may follow it.
  for (let first = true; ; ) {
    const inObject = closers.at(-1) === '}'
    const closesEmpty = first && closers.length > 0 && text[at] === closers.at(-1)
    if (!closesEmpty) {
      if (inObject) {
        const end = readString(text, at)
        if (end < 0) return ~end
        at = skip(text, end, isSpace)
        if (text[at] !== ':') return at
        at = skip(text, at + 1, isSpace)
      }
      if (text[at] === '{' || text[at] === '[') {
        closers.push(text[at] === '{' ? '}' : ']')
        at = skip(text, at + 1, isSpace)
        first = true
        continue
      }
      const end = readScalar(text, at)
      if (end < 0) return ~end
      at = skip(text, end, isSpace)
    }
    while (closers.length > 0 && text[at] === closers.at(-1)) {
      closers.pop()
      at = skip(text, at + 1, isSpace)
    }
    if (closers.length === 0) return at < text.length ? at : undefined
    if (text[at] !== ',') return at
    at = skip(text, at + 1, isSpace)
    first = false
  }
}

// The readers give the offset after what they read, or the complement of the offset at which they failed.

function readScalar(text: string, at: number): number {
  switch (text[at]) {
    case '"':
      return readString(text, at)
    case 't':
      return readWord(text, at, 'true')
    case 'f':
      return readWord(text, at, 'false')
    case 'n':
      return readWord(text, at, 'null')
    default:
      return readNumber(text, at)
  }
}

function readWord(text: string, at: number, word: string): number {
  let length = 0
  while (length < word.length && text[at + length] === word[length]) length++
  return length === word.length ? at + length : ~(at + length)
}

function readString(text: string, at: number): number {
  if (text[at] !== '"') return ~at
  for (at++; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') return at + 1
    if (char < ' ') return ~at
    if (char !== '\\') continue
    at++
    if (text[at] === 'u') {
      const end = skip(text, at + 1, isHexDigit)
      if (end < at + 5) return ~end
      at += 4
    } else if (!escapes.has(text[at]!)) return ~at
  }
  return ~at
}

function readNumber(text: string, at: number): number {
  if (text[at] === '-') at++
  let end = text[at] === '0' ? at + 1 : skip(text, at, isDigit)
  if (end === at) return ~at
  if (text[end] === '.') {
    at = end + 1
    end = skip(text, at, isDigit)
    if (end === at) return ~at
  }
  if (text[end] === 'e' || text[end] === 'E') {
    at = text[end + 1] === '+' || text[end + 1] === '-' ? end + 2 : end + 1
    end = skip(text, at, isDigit)
    if (end === at) return ~at
  }
  return end
}

function skip(text: string, at: number, belongs: (char: string) => boolean): number {
  while (at < text.length && belongs(text[at]!)) at++
  return at
}

const escapes: ReadonlySet<string> = new Set('"\\/bfnrt')
const isSpace = (char: string) => char === ' ' || char === '\n' || char === '\t' || char === '\r'
const isDigit = (char: string) => char >= '0' && char <= '9'
const isHexDigit = (char: string) => /[0-9a-fA-F]/.test(char)
