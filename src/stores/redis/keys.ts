import type { NotificationRecord } from '../../contract/record.ts'

/** The names of a store's keys. All carry one hash tag, so that one script may touch them all in a cluster. */
export interface Keys {
  /** ZSET of the ids of records that wait, by `dueAt`. */
  readonly due: string
  /** ZSET of the ids of records that have settled and wait for nothing, by `settledAt`. */
  readonly settled: string
  /** Counts what was stored, so that the newest can be told. */
  readonly count: string
  /** ZSET of parked receipts, by the time at which they expire. */
  readonly parked: string
  /** The channel on which changes are published. */
  readonly changes: string
  /** HASH of one record. */
  record(id: string): string
  /** STRING: the id of the record that has an idempotency key. */
  idempotency(key: string): string
  /** ZSET of the ids of records with an attempt that carries a key, by the order in which they were stored. */
  attempts(provider: string, key: string): string
  /** ZSET of the parked receipts that carry a key, by the order in which they came. */
  parkedUnder(provider: string, key: string): string
}

/** A prefix that has a hash tag of its own keeps it; any other becomes one. */
export function createKeys(prefix: string): Keys {
  const tag = hasHashTag(prefix) ? prefix : `{${prefix}}`
  return {
    due: `${tag}:due`,
    settled: `${tag}:settled`,
    count: `${tag}:count`,
    parked: `${tag}:parked`,
    changes: `${tag}:changes`,
    record: (id) => `${tag}:record:${toKeyPart(id)}`,
    idempotency: (key) => `${tag}:idempotency:${toKeyPart(key)}`,
    attempts: (provider, key) => `${tag}:attempts:${JSON.stringify([provider, key])}`,
    parkedUnder: (provider, key) => `${tag}:parked:${JSON.stringify([provider, key])}`,
  }
}

/** The keys under which a record's attempts are found. */
export function attemptKeysOf({ steps }: NotificationRecord, keys: Keys): string[] {
  const names = steps.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => attempt.keys.map((key) => keys.attempts(attempt.provider, key))),
  )
  return [...new Set(names)]
}

/** A text as Redis keeps it: as it is, or as JSON after a NUL where UTF-8 could not hold it. */
export function toKeyPart(text: string): string {
  return text.startsWith('\0') || loneSurrogate.test(text) ? `\0${JSON.stringify(text)}` : text
}

/** The text that `toKeyPart` was given. */
export function fromKeyPart(part: string): string {
  return part.startsWith('\0') ? JSON.parse(part.slice(1)) : part
}

const loneSurrogate = /\p{Surrogate}/u

/** As Redis Cluster reads it: something between the first `{` and the first `}` after it. */
function hasHashTag(prefix: string): boolean {
  const open = prefix.indexOf('{')
  return open >= 0 && prefix.indexOf('}', open) > open + 1
}
