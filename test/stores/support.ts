// Stores that break one clause of their contract each, to show that its suite has teeth.
import { memoryStore, type NotificationRecord, type NotificationStore } from 'omnicascade'
import type { OpenedStore } from 'omnicascade/testing'

/** A fault, and the cases that must find it. */
export interface Fault {
  readonly found: RegExp
  readonly plant: (store: NotificationStore) => Partial<NotificationStore>
  /** What a second store on the same state does otherwise, beside the fault. */
  readonly plantInOther?: (store: NotificationStore) => Partial<NotificationStore>
}

/** A memory store with a fault in it. */
export function faulty({ plant, plantInOther }: Fault): OpenedStore {
  const memory = memoryStore()
  const store = { ...memory, ...plant(memory) }
  return { store, reopen: () => (plantInOther ? { ...memory, ...plantInOther(memory) } : store), dispose() {} }
}

/** Lets what can go on do so. */
export const turn = () => new Promise((resolve) => setImmediate(resolve))
/** No fault. */
export const none = () => ({})
/** A record whose JSON was altered. */
export const altered = (record: NotificationRecord, alter: (text: string) => string): NotificationRecord =>
  JSON.parse(alter(JSON.stringify(record)))

/** Alters every record on its way in. */
export const writes = (store: NotificationStore, alter: (record: NotificationRecord) => NotificationRecord) => ({
  insert: (record: NotificationRecord) => store.insert(alter(record)),
  update: (record: NotificationRecord, expected: number) => store.update(alter(record), expected),
})

/** Checks the version first, and writes a turn later. */
export const racing = (store: NotificationStore) => ({
  async update(record: NotificationRecord, expected: number) {
    if ((await store.get(record.id))?.version !== expected) return false
    await turn()
    return store.update(record, (await store.get(record.id))?.version ?? -1)
  },
})
