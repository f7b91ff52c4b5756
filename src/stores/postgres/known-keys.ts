import type { NotificationRecord } from '../../contract/record.ts'

/** Which lists of keys are in the table already. Records are never changed in place, so a list that was stored with its record need not be written again. */
export interface KnownKeys {
  has(keys: readonly string[], id: string, provider: string): boolean
  /** The record was stored, or read, as it is. Gives it back. */
  add(record: NotificationRecord): NotificationRecord
}

/** Remembers lists for as long as somebody holds them. */
export function createKnownKeys(): KnownKeys {
  const owners = new WeakMap<readonly string[], string>()
  return {
    has: (keys, id, provider) => keys.length === 0 || owners.get(keys) === `${provider}\n${id}`,
    add(record) {
      for (const { attempts } of record.steps)
        for (const { provider, keys } of attempts) owners.set(keys, `${provider}\n${record.id}`)
      return record
    },
  }
}
