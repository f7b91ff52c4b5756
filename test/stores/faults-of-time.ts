import {
  isOmnicascadeError,
  type NotificationRecord,
  type NotificationStore,
  OmnicascadeError,
  type Receipt,
  type Scheduler,
} from 'omnicascade'
import { wakeUpOf } from '../../src/contract/wake-up.ts'
import { type Fault, none, racing, turn, writes } from './support.ts'

/** Reads what it has read before. */
const caching = (store: NotificationStore) => {
  const seen = new Map<string, NotificationRecord>()
  return {
    async get(id: string) {
      const record = seen.get(id) ?? (await store.get(id))
      if (record) seen.set(id, record)
      return record
    },
  }
}

const afterClose = (failure: () => Error) => (store: NotificationStore) => {
  let closed = false
  return {
    close() {
      closed = true
    },
    get(id: string) {
      if (closed) throw failure()
      return store.get(id)
    },
  }
}

/** Hands wake-ups to a scheduler, wrongly. */
const enlisting = (store: NotificationStore, fault: 'before' | 'after' | 'unconfirmed'): Partial<NotificationStore> => {
  let scheduler: Scheduler | undefined
  const handOver = async (record: NotificationRecord) => {
    const wakeUp = wakeUpOf(record)
    const confirm = wakeUp && (await scheduler?.wakeWithin?.({ query: async () => ({ rows: [] }) }, [wakeUp]))
    if (fault !== 'unconfirmed') confirm?.()
  }
  async function around<T>(record: NotificationRecord, write: () => T | Promise<T>, isWritten: (answer: T) => boolean) {
    try {
      if (fault === 'before') await handOver(record)
      const answer = await write()
      if (fault !== 'before' && isWritten(answer)) await handOver(record)
      return answer
    } catch (error) {
      throw isOmnicascadeError(error) ? error : new OmnicascadeError('store-refused', 'the scheduler failed')
    }
  }
  return {
    enlist(given) {
      if (given.wakeWithin) scheduler = given
      return given.wakeWithin !== undefined
    },
    insert: (record) =>
      around(
        record,
        () => store.insert(record),
        ({ created }) => created,
      ),
    update: (record, expected) => around(record, () => store.update(record, expected), Boolean),
  }
}

/** Faults in what waits, ends, or is done at the same time, by what they do. */
export const timeFaults: Readonly<Record<string, Fault>> = {
  'the same receipt is kept twice': {
    found: /^parked receipts: the same one/,
    plant(store) {
      const parked: string[] = []
      return {
        parkReceipt(receipt, ...times) {
          parked.push(JSON.stringify(receipt))
          return store.parkReceipt(receipt, ...times)
        },
        findParked: async (...asked) =>
          (await store.findParked(...asked)).flatMap((one) =>
            parked.filter((text) => text === JSON.stringify(one)).map(() => one),
          ),
      }
    },
  },
  'receipts are the same if their status and time are': {
    found: /^parked receipts: those that differ/,
    plant(store) {
      const parked = new Set<string>()
      return {
        parkReceipt(receipt: Receipt, ...times) {
          const text = `${receipt.provider} ${receipt.status} ${receipt.at}`
          if (parked.has(text)) return
          parked.add(text)
          return store.parkReceipt(receipt, ...times)
        },
      }
    },
  },
  'parked receipts are found by their first key alone': {
    found: /^parked receipts: are found/,
    plant: (store) => ({
      findParked: async (provider, keys, now) =>
        (await store.findParked(provider, keys, now)).filter((receipt) => keys.includes(receipt.keys[0] ?? '')),
    }),
  },
  'the newest parked receipt comes first': {
    found: /^parked receipts: are found/,
    plant: (store) => ({ findParked: async (...asked) => (await store.findParked(...asked)).toReversed() }),
  },
  'parked receipts do not end': {
    found: /^parked receipts: end/,
    plant: (store) => ({ findParked: (provider, keys) => store.findParked(provider, keys, 0) }),
  },
  'parked receipts end by the clock of the store': {
    found: /^times: are those of the arguments/,
    plant: (store) => ({ findParked: (provider, keys) => store.findParked(provider, keys, Date.now()) }),
  },
  'dropping a receipt drops nothing': { found: /^parked receipts: are dropped/, plant: () => ({ dropParked() {} }) },
  'dropping a receipt drops what shares a key with it': {
    found: /^parked receipts: are dropped/,
    plant: (store) => ({
      async dropParked(receipt) {
        for (const other of await store.findParked(receipt.provider, receipt.keys, 0)) await store.dropParked(other)
      },
    }),
  },
  'the latest is due first': {
    found: /^due: ids whose time/,
    plant: (store) => ({ due: async (...asked) => (await store.due(...asked)).toReversed() }),
  },
  'more are due than asked for': { found: /^due: ids whose time/, plant: (store) => ({ due: (now) => store.due(now, 100) }) },
  'what is due now is due a moment later': {
    found: /^due: ids whose time/,
    plant: (store) => ({ due: (now, limit) => store.due(now - 1, limit) }),
  },
  'the first moment counts as none': {
    found: /^times: the first moment/,
    plant: (store) => ({ nextDueAt: async () => (await store.nextDueAt()) || null }),
  },
  'times are cut to 53 bits of microseconds': {
    found: /^times: the first moment/,
    plant: (store) => ({ nextDueAt: async () => Math.min((await store.nextDueAt()) ?? 0, Number.MAX_SAFE_INTEGER / 1000) }),
  },
  'times with a fraction are refused': {
    found: /^times: a part of a millisecond/,
    plant: (store) =>
      writes(store, (record) => {
        BigInt(record.dueAt ?? 0)
        return record
      }),
  },
  'prune forgets more than asked for': {
    found: /^prune: forgets what settled/,
    plant: (store) => ({ prune: (before, now) => store.prune(before, now, 100) }),
  },
  'prune forgets what settled at that moment': {
    found: /^prune: forgets what settled/,
    plant: (store) => ({ prune: (before, now, limit) => store.prune(before + 1, now, limit) }),
  },
  'prune forgets what still waits for something': {
    found: /^prune: keeps/,
    plant: (store) => ({
      async prune(before, now, limit) {
        for (const id of await store.due(Number.MAX_SAFE_INTEGER, 100)) {
          const record = await store.get(id)
          if (record?.settledAt != null) await store.update({ ...record, dueAt: null }, record.version)
        }
        return store.prune(before, now, limit)
      },
    }),
  },
  'prune leaves idempotency keys taken': {
    found: /^prune: forgets keys/,
    plant(store) {
      const taken = new Map<string, NotificationRecord>()
      return {
        async insert(record) {
          const known = taken.get(record.idempotencyKey ?? '')
          if (known !== undefined) return { record: (await store.get(known.id)) ?? known, created: false }
          if (record.idempotencyKey !== null) taken.set(record.idempotencyKey, record)
          return store.insert(record)
        },
      }
    },
  },
  'prune leaves expired receipts': {
    found: /^prune: forgets parked/,
    plant: (store) => ({ prune: (before, _, limit) => store.prune(before, 0, limit) }),
  },
  'prune does not say how many it forgot': {
    found: /^prune: called again/,
    plant: (store) => ({
      async prune(...asked) {
        await store.prune(...asked)
        return 0
      },
    }),
  },
  'a query gives no more than 500': {
    found: /^many at once: a thousand/,
    plant: (store) => ({ due: (now, limit) => store.due(now, Math.min(limit, 500)) }),
  },
  'a scheduler is taken that cannot write within a transaction': { found: /^enlist/, plant: () => ({ enlist: () => true }) },
  'wake-ups are written whether or not their records are': { found: /^enlist/, plant: (store) => enlisting(store, 'before') },
  'wake-ups are not confirmed': { found: /^enlist/, plant: (store) => enlisting(store, 'unconfirmed') },
  'a record is stored though its wake-up is not': {
    found: /^enlist: a record whose/,
    plant: (store) => enlisting(store, 'after'),
  },
  'a write is lost now and then': {
    found: /^many at once/,
    plant(store) {
      let calls = 0
      return { update: (record, expected) => (++calls % 97 === 0 ? true : store.update(record, expected)) }
    },
  },
  'calls after the end fail with any error': {
    found: /^close: calls that come later/,
    plant: afterClose(() => new Error('database is not open')),
  },
  'what is under way at the end is dropped': {
    found: /^close: what was under way/,
    plant(store) {
      let closed = false
      return {
        close() {
          closed = true
        },
        async insert(record) {
          await turn()
          return closed ? { record, created: true } : store.insert(record)
        },
      }
    },
    plantInOther: none,
  },
  'another process reads what it has read before': {
    found: /^two processes: of updates of one version/,
    plant: none,
    plantInOther: caching,
  },
  'versions are safe within one process only': {
    found: /^two processes: of updates of one version/,
    plant: none,
    plantInOther: racing,
  },
  'a watcher hears nothing': { found: /^watch/, plant: () => ({ watch: () => async () => {} }) },
  'a watcher hears of other records': {
    found: /^watch/,
    plant: (store) => ({ watch: async (onChange) => (await store.watch?.(() => onChange('another'))) ?? (() => {}) }),
  },
  'a watcher hears on after its end': {
    found: /^watch/,
    plant: (store) => ({
      async watch(onChange) {
        await store.watch?.(onChange)
        return async () => {}
      },
    }),
  },
}
