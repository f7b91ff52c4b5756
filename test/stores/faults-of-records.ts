import type { NotificationRecord } from 'omnicascade'
import { altered, type Fault, racing, turn, writes } from './support.ts'

/** Faults in how records are kept and found, by what they do. */
export const recordFaults: Readonly<Record<string, Fault>> = {
  'NUL is left out': {
    found: /^records: odd texts/,
    plant: (store) => writes(store, (record) => altered(record, (text) => text.replaceAll('\\u0000', ''))),
  },
  'lone surrogates become U+FFFD': {
    found: /^records: odd texts/,
    plant: (store) => writes(store, (record) => altered(record, (text) => text.replace(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd'))),
  },
  'numbers have seven digits': {
    found: /^records: numbers/,
    plant: (store) => writes(store, (record) => altered(record, (text) => text.replace(/\d{12,}/g, (n) => `${Math.fround(+n)}`))),
  },
  'an update is merged into what was there': {
    found: /^records: an update replaces/,
    plant: (store) => ({
      async update(record, expected) {
        const metadata = { ...(await store.get(record.id))?.metadata, ...record.metadata }
        return store.update({ ...record, metadata }, expected)
      },
    }),
  },
  'records are changed in place': {
    found: /^records: what was given or taken/,
    plant(store) {
      const records = new Map<string, NotificationRecord>()
      const keep = (record: NotificationRecord) => {
        records.set(record.id, Object.assign(records.get(record.id) ?? {}, record))
        return record
      }
      return { ...writes(store, keep), get: (id) => records.get(id) }
    },
  },
  'an id that is taken is let pass': {
    found: /^records: an id that is taken is refused/,
    plant: (store) => ({
      insert: async (record) => ((await store.get(record.id)) ? { record, created: true } : store.insert(record)),
    }),
  },
  'an id that is taken fails with an error of the engine': {
    found: /^records: an id that is taken is refused/,
    plant: (store) => ({
      async insert(record) {
        if (await store.get(record.id)) throw new Error('UNIQUE constraint failed')
        return store.insert(record)
      },
    }),
  },
  'one insert that fails takes down those of its time': {
    found: /^records: an id that is taken fails alone/,
    plant(store) {
      let batch: Promise<unknown> | undefined
      return {
        async insert(record) {
          const own = turn().then(() => store.insert(record))
          const all: Promise<unknown> = Promise.all([batch, own])
          batch = all
          all.catch(() => {})
          await turn()
          await batch
          return own
        },
      }
    },
  },
  'an id is looked for some time before the write': {
    found: /^records: of 20 inserts/,
    plant: (store) => ({
      async insert(record) {
        const isTaken = (await store.get(record.id)) !== undefined
        await turn()
        if (!isTaken && (await store.get(record.id)) !== undefined) return { record, created: true }
        return store.insert(record)
      },
    }),
  },
  'a taken idempotency key gives what was to be stored': {
    found: /^idempotency keys: one that is taken/,
    plant: (store) => ({ insert: async (record) => ({ ...(await store.insert(record)), record }) }),
  },
  'a taken idempotency key counts as created': {
    found: /^idempotency keys: of 50/,
    plant: (store) => ({ insert: async (record) => ({ ...(await store.insert(record)), created: true }) }),
  },
  'the id is looked at before the idempotency key': {
    found: /^idempotency keys: the same insert once more/,
    plant: (store) => ({
      async insert(record) {
        if (await store.get(record.id)) return store.insert({ ...record, idempotencyKey: null })
        return store.insert(record)
      },
    }),
  },
  'idempotency keys are compared without regard to case': {
    found: /^idempotency keys: are told apart/,
    plant: (store) => writes(store, (record) => ({ ...record, idempotencyKey: record.idempotencyKey?.toLowerCase() ?? null })),
  },
  'the version is not looked at': {
    found: /^compare and swap: an update is written/,
    plant: (store) => ({
      update: async (record) => store.update(record, (await store.get(record.id))?.version ?? -1),
    }),
  },
  'the version is looked at some time before the write': { found: /^compare and swap: of 50/, plant: racing },
  'an update of a version to come wins': {
    found: /^compare and swap: updates of other versions/,
    plant: (store) => ({
      async update(record, expected) {
        const version = (await store.get(record.id))?.version ?? -1
        return store.update(record, Math.min(version, expected))
      },
    }),
  },
  'an update that lost says that it won': {
    found: /^compare and swap: an update is written/,
    plant: (store) => ({
      async update(record, expected) {
        await store.update(record, expected)
        return true
      },
    }),
  },
  'an update makes the record that there is not': {
    found: /^compare and swap: no update makes/,
    plant: (store) => ({
      update: async (record, expected) =>
        (await store.get(record.id)) ? store.update(record, expected) : (await store.insert(record)).created,
    }),
  },
  'the oldest record is found first': {
    found: /^keys: records are found/,
    plant: (store) => ({ findByKey: async (...asked) => (await store.findByKey(...asked)).toReversed() }),
  },
  'more records are found than asked for': {
    found: /^keys: records are found/,
    plant: (store) => ({ findByKey: (provider, key) => store.findByKey(provider, key, 100) }),
  },
  'the limit counts attempts': {
    found: /^keys: as many records/,
    plant: (store) => ({
      async findByKey(provider, key, limit) {
        const attempts = (await store.findByKey(provider, key, limit)).flatMap((record) =>
          record.steps.flatMap((step) => step.attempts.filter(({ keys }) => keys.includes(key)).map(() => record)),
        )
        return [...new Set(attempts.slice(0, limit))]
      },
    }),
  },
  'keys are trimmed': {
    found: /^keys: are told apart/,
    plant: (store) => ({ findByKey: (provider, key, limit) => store.findByKey(provider, key.trim(), limit) }),
  },
  'providers are compared without regard to case': {
    found: /^keys: are told apart/,
    plant: (store) => ({ findByKey: (provider, key, limit) => store.findByKey(provider.toLowerCase(), key, limit) }),
  },
  'what is found by key is the record as it was inserted': {
    found: /^keys: what is found is/,
    plant(store) {
      const first = new Map<string, NotificationRecord>()
      return {
        insert(record) {
          first.set(record.id, record)
          return store.insert(record)
        },
        findByKey: async (...asked) => (await store.findByKey(...asked)).map((record) => first.get(record.id) ?? record),
      }
    },
  },
  'keys that come with an update are not found': {
    found: /^keys: one that an update adds/,
    plant: (store) => ({
      findByKey: async (...asked) => (await store.findByKey(...asked)).filter(({ version }) => version === 0),
    }),
  },
  'keys are forgotten once the record has settled': {
    found: /^keys: are kept once/,
    plant: (store) => ({
      findByKey: async (...asked) => (await store.findByKey(...asked)).filter(({ settledAt }) => settledAt === null),
    }),
  },
  'a record with a key twice is found twice': {
    found: /^keys: a record that names/,
    plant: (store) => ({
      findByKey: async (provider, key, limit) =>
        (await store.findByKey(provider, key, limit)).flatMap((record) =>
          record.steps.flatMap(({ attempts }) =>
            attempts.flatMap(({ keys }) => keys.filter((own) => own === key).map(() => record)),
          ),
        ),
    }),
  },
}
