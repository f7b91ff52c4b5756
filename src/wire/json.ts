import type { JsonObject } from '../contract/json.ts'

/** Whether a value that came as JSON is an object: neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields of a value that came as JSON; none where it is no object, so that fields of fields can be asked for at once. */
export function fieldsOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** A text, number or boolean that came as JSON, as a text; empty of anything else: an object may bring a `toString` of its own, which `String` would trip over. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** What a table of ours has for a word that came from outside: nothing for `constructor` and the like, to which every object answers. */
export function lookUp<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}
