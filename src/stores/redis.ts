import { randomBytes } from 'node:crypto'
import { millisecondsOf } from '../contract/duration.ts'
import { OmnicascadeError } from '../contract/errors.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import { StoreError } from '../contract/store-error.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { createBounds } from './redis/bounds.ts'
import type { RedisClient } from './redis/client.ts'
import { attemptKeysOf, createKeys, fromKeyPart, toKeyPart } from './redis/keys.ts'
import { createPipeline } from './redis/pipeline.ts'
import { createPolicyCheck } from './redis/policy.ts'
import { pruneRecords } from './redis/prune.ts'
import { createParkedReceipts } from './redis/receipts.ts'
import { commandScript, getScript, insertScript, updateScript } from './redis/scripts.ts'
import { createChanges } from './redis/watch.ts'

export type { RedisClient, RedisSubscriber } from './redis/client.ts'

/** Options of `redis`. */
export interface RedisStoreOptions {
  /** The app's own `ioredis` client: a `Redis` or a `Cluster`. It stays the app's to close. */
  readonly client: RedisClient
  /** Begins the names of all keys. Default `omnicascade`; it becomes the keys' hash tag, `{omnicascade}:…`, unless it has one of its own. */
  readonly prefix?: string
  /** Works with a server whose `maxmemory-policy` is not `noeviction`, though it may throw notifications away. Default false. */
  readonly allowEviction?: boolean
  /** How long a call waits for its answer, also while there is no connection. Default 10 seconds. */
  readonly timeout?: Duration
  readonly clock?: Clock
}

/**
 * Keeps notifications in Redis (6 or later) or Valkey, for any number of processes.
 *
 * What is stored is as durable as the server makes it: without `appendonly yes` a restart loses what came since the last snapshot, and with
 * `appendfsync everysec`, its default, a power cut loses up to about a second; `always` loses nothing. Replication is asynchronous: a failover
 * may lose the last writes.
 */
export function redis(options: RedisStoreOptions): NotificationStore {
  checkNames('redis', options, ['client', 'prefix', 'allowEviction', 'timeout', 'clock'])
  const { client, prefix = 'omnicascade', allowEviction = false, timeout = '10s', clock = systemClock } = options
  const longest = millisecondsOf(timeout)
  checkOptions('redis', [
    ['client', client, isClient(client), 'be a client of ioredis'],
    ['prefix', prefix, isText(prefix), 'be a text'],
    ['allowEviction', allowEviction, typeof allowEviction === 'boolean', 'be true or false'],
    ['timeout', timeout, longest !== undefined && longest >= 1, "be a duration of at least 1ms: milliseconds, or '10s'"],
    clockRule(clock),
  ])
  const keys = createKeys(prefix)
  const self = randomBytes(9).toString('base64url')
  let writes = 0
  const run = createPolicyCheck(createPipeline(client), keys.due, allowEviction)
  const { run: bounded, close } = createBounds(clock, longest ?? 0)
  const receipts = createParkedReceipts(run, keys)
  const changes = createChanges(client, keys.changes, self)

  /** What all writes of a record begin with. */
  function written(record: NotificationRecord): string[] {
    const { id, version, dueAt, settledAt } = record
    const settled = dueAt === null && settledAt !== null ? String(settledAt) : ''
    const write = `${self}.${(writes++).toString(36)}`
    return [write, toKeyPart(id), String(version), JSON.stringify(record), String(dueAt ?? ''), settled, keys.changes]
  }

  async function get(id: string): Promise<NotificationRecord | undefined> {
    const [json, wasDue] = (await run(getScript, [keys.record(id), keys.due], toKeyPart(id))) as [string | null, unknown?]
    if (json !== null) return parse(json, id)
    if (Number(wasDue) === 1)
      throw new StoreError(
        'redis',
        allowEviction ? 'evicting' : 'corrupt',
        `notification ${id} was due, and its record is gone: it was ${allowEviction ? 'evicted' : 'deleted'}, and is woken no more`,
      )
    return undefined
  }

  async function insert(record: NotificationRecord): Promise<{ readonly record: NotificationRecord; readonly created: boolean }> {
    const values = written(record)
    const keyed = record.idempotencyKey === null ? [] : [keys.idempotency(record.idempotencyKey)]
    const attempts = attemptKeysOf(record, keys)
    for (let gone: string | undefined; ; ) {
      const names = [keys.record(record.id), keys.due, keys.settled, keys.count, ...keyed]
      if (gone !== undefined) names.push(keys.record(fromKeyPart(gone)))
      const reply = await run(insertScript, [...names, ...attempts], ...values, keyed.length, gone ?? '')
      const [answer, holder] = reply as ['created' | 'duplicate' | 'taken', string]
      if (answer === 'created') return { record, created: true }
      if (answer === 'duplicate') throw new OmnicascadeError('duplicate-id', `there is a notification ${record.id} already`)
      const existing = await get(fromKeyPart(holder))
      if (existing !== undefined) return { record: existing, created: false }
      // It was forgotten since, or deleted by hand: then its idempotency key is free.
      gone = holder
    }
  }

  async function update(record: NotificationRecord, expectedVersion: number): Promise<boolean> {
    const names = [keys.record(record.id), keys.due, keys.settled, ...attemptKeysOf(record, keys)]
    return Number(await run(updateScript, names, ...written(record), expectedVersion)) === 1
  }

  async function findByKey(provider: string, key: string, limit: number): Promise<NotificationRecord[]> {
    if (limit <= 0) return []
    const index = keys.attempts(provider, key)
    const ids = (await run(commandScript, [index], 'ZREVRANGE', 0, limit - 1)) as string[]
    const read = async (id: string) => {
      const json = (await run(commandScript, [keys.record(fromKeyPart(id))], 'HGET', 'json')) as string | null
      if (json !== null) return [parse(json, fromKeyPart(id))]
      await run(commandScript, [index], 'ZREM', id)
      return []
    }
    return (await Promise.all(ids.map(read))).flat()
  }

  async function due(now: number, limit: number): Promise<string[]> {
    if (limit <= 0) return []
    const ids = (await run(commandScript, [keys.due], 'ZRANGEBYSCORE', '-inf', now, 'LIMIT', 0, limit)) as string[]
    return ids.map(fromKeyPart)
  }

  async function nextDueAt(): Promise<number | null> {
    const [, dueAt] = (await run(commandScript, [keys.due], 'ZRANGE', 0, 0, 'WITHSCORES')) as string[]
    return dueAt === undefined ? null : Number(dueAt)
  }

  async function prune(settledBefore: number, now: number, limit: number): Promise<number> {
    if (limit <= 0) return 0
    return Math.max(...(await Promise.all([pruneRecords(run, keys, settledBefore, limit), receipts.prune(now, limit)])))
  }

  async function watch(onChange: (id: string | null) => void): Promise<() => void> {
    const watching = changes.watch(onChange)
    try {
      return await bounded(() => watching)
    } catch (error) {
      // Nobody is left who could end it.
      watching.then(
        (stop) => stop(),
        () => {},
      )
      throw error
    }
  }

  return {
    shared: true,
    insert: (record) => bounded(() => insert(record)),
    get: (id) => bounded(() => get(id)),
    update: (record, expectedVersion) => bounded(() => update(record, expectedVersion)),
    findByKey: (provider, key, limit) => bounded(() => findByKey(provider, key, limit)),
    parkReceipt: (receipt, now, expiresAt) => bounded(() => receipts.parkReceipt(receipt, now, expiresAt)),
    findParked: (provider, wanted, now) => bounded(() => receipts.findParked(provider, wanted, now)),
    dropParked: (receipt) => bounded(() => receipts.dropParked(receipt)),
    due: (now, limit) => bounded(() => due(now, limit)),
    nextDueAt: () => bounded(nextDueAt),
    prune: (settledBefore, now, limit) => bounded(() => prune(settledBefore, now, limit)),
    watch,
    close() {
      close()
      changes.close()
    },
  }
}

function isClient(client: unknown): client is RedisClient {
  const { pipeline, duplicate } = (client ?? {}) as Partial<RedisClient>
  return typeof pipeline === 'function' && typeof duplicate === 'function'
}

function parse(json: string, id: string): NotificationRecord {
  try {
    return JSON.parse(json)
  } catch {
    throw new StoreError(
      'redis',
      'corrupt',
      `the record of notification ${id} is not JSON: restore it from a backup, or delete its key`,
    )
  }
}
