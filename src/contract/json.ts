/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. Records hold nothing else. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A plain JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A value, or a promise of one: hooks and engines may answer at once. */
export type Awaitable<T> = T | Promise<T>
