import type { JsonObject } from '../contract/json.ts'

/** Whether a value that came as JSON is an object: neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields of a value that came as JSON; none where it is no object, so that fields of fields can be asked for at once. */
export function fieldsOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
