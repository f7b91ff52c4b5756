import { createHash } from 'node:crypto'

// A column of many values goes to the server as one text, a value per line: no driver's arrays, no escaping, the fastest to read.
// What JSON makes of a string has no line break, no NUL and no lone surrogate, none of which Postgres or its protocol could take,
// and no quote without a backslash before it: a bare quote marks what is no such string.

const missing = '"'
const empty = '""'
const hashed = '"#'
// In bytes: an index holds some 2700 a row, and a provider's name and a key share one.
const longest = 1000

/** Ids, names and keys as the tables have them: as they are, but for control characters, quotes, backslashes, and what is too long for an index. */
export function encodeText(text: string): string {
  const encoded = JSON.stringify(text).slice(1, -1)
  if (encoded === '') return empty
  return Buffer.byteLength(encoded) <= longest ? encoded : hashed + createHash('sha256').update(encoded).digest('hex')
}

/** What was encoded, or undefined if only its hash is known. */
export function decodeText(encoded: string): string | undefined {
  if (encoded === empty) return ''
  return encoded.startsWith(hashed) ? undefined : (JSON.parse(`"${encoded}"`) as string)
}

/** A hash of a text, as the key of what is kept once. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The values of one column. Texts must be encoded, or be JSON. */
export function lines(values: readonly (string | number | null)[]): string {
  return values.map((value) => value ?? missing).join('\n')
}

/** SQL for a column that `lines` made. */
export function column(parameter: string, type: 'text' | 'bigint' = 'text'): string {
  return `string_to_array(${parameter}::text, chr(10), '${missing}')${type === 'text' ? '' : '::bigint[]'}`
}

/** An array of encoded texts, as SQL reads it. */
export function arrayOf(encoded: readonly string[]): string {
  return `{${encoded.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
