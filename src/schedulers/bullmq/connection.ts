import type { ConnectionOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { fieldsOf } from '../../wire/json.ts'

/** A client for BullMQ, and what lets go of it. */
export interface Connection {
  readonly client: ConnectionOptions
  /** Ends what is ours, with all its copies. What still waits for Redis then fails. */
  close(): void
}

/** What is used of an ioredis client or cluster. */
interface RedisClient {
  readonly isCluster?: boolean
  readonly status: string
  readonly options: { readonly redisOptions?: object; retryStrategy?: unknown; clusterRetryStrategy?: unknown }
  duplicate(...options: unknown[]): RedisClient
  on(event: 'error' | 'ready', listener: () => void): unknown
  connect(): Promise<unknown>
  disconnect(): void
}

// The versions of ioredis differ in how they type their options, which the app has written for its own.
const Client = Redis as unknown as new (...options: readonly unknown[]) => RedisClient

/** Whether an ioredis client, or options for one, put something before every key. */
export function hasKeyPrefix(connection: unknown): boolean {
  const { keyPrefix, options } = fieldsOf(connection)
  const { keyPrefix: ofClient, redisOptions } = fieldsOf(options)
  return [keyPrefix, ofClient, fieldsOf(redisOptions).keyPrefix].some(Boolean)
}

/** For adding jobs: the app's own client, or one of ours. */
export function addingConnection(connection: object): Connection {
  return isClient(connection) ? { client: connection as ConnectionOptions, close() {} } : owned(create(connection))
}

/** For a worker, which waits for jobs without end and so must never give a command up. */
export function workingConnection(connection: object, onReady: () => void): Connection {
  const patient = { maxRetriesPerRequest: null }
  if (!isClient(connection)) return owned(create({ ...connection, ...patient }), onReady)
  if (!connection.isCluster) return owned(connection.duplicate(patient), onReady)
  return owned(connection.duplicate(undefined, { redisOptions: { ...connection.options.redisOptions, ...patient } }), onReady)
}

function isClient(connection: object): connection is RedisClient {
  return 'duplicate' in connection && typeof connection.duplicate === 'function'
}

function create(connection: object): RedisClient {
  const { url, ...options }: { readonly url?: string } = connection
  return url === undefined ? new Client(options) : new Client(url, options)
}

/** BullMQ copies the client for its blocking reads, and lets go of the copy only once Redis answers. */
function owned(client: RedisClient, onReady = () => {}): Connection {
  const clients: RedisClient[] = []
  let closed = false

  function own(one: RedisClient): RedisClient {
    clients.push(one)
    // BullMQ listens for as long as it uses it; a client outlives that by a moment.
    one.on('error', () => {})
    one.on('ready', () => (closed ? one.disconnect() : onReady()))
    const duplicate = one.duplicate.bind(one)
    one.duplicate = (...options) => own(duplicate(...options))
    return one
  }

  function end(one: RedisClient): void {
    one.options.retryStrategy = () => null
    one.options.clusterRetryStrategy = () => null
    // One that is cut between two tries to connect says nothing of its end, and whoever waits for it would wait for ever: one more try ends it.
    if (one.status === 'reconnecting') one.connect().catch(() => {})
    else one.disconnect()
  }

  return {
    client: own(client) as ConnectionOptions,
    close() {
      closed = true
      clients.forEach(end)
    },
  }
}
