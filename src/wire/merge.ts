import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isObject } from './json.ts'

/** The app's own fields under those of the adapter, objects inside objects too: where both have a value, the adapter's stays. */
export function mergeFields(own: JsonObject, ours: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...own }
  for (const [name, value] of Object.entries(ours)) {
    const below = Object.hasOwn(own, name) ? own[name] : undefined
    merged[name] = isObject(below) && isObject(value) ? mergeFields(below, value) : value
  }
  return merged
}
