import type { ConnectionOptions } from 'bullmq'
import { fieldsOf } from '../../wire/json.ts'

/** What is used of an ioredis client or cluster. */
interface RedisClient {
  readonly isCluster?: boolean
  readonly options?: { readonly redisOptions?: object }
  duplicate(...options: unknown[]): RedisClient
  on(event: 'error', listener: () => void): unknown
  disconnect(): void
}

function isClient(connection: object): connection is RedisClient {
  return 'duplicate' in connection && typeof connection.duplicate === 'function'
}

/** Whether an ioredis client, or options for one, put something before every key. */
export function hasKeyPrefix(connection: unknown): boolean {
  const { keyPrefix, options, redisOptions } = fieldsOf(connection)
  const { keyPrefix: ofClient, redisOptions: ofCluster } = fieldsOf(options)
  return [keyPrefix, ofClient, fieldsOf(redisOptions).keyPrefix, fieldsOf(ofCluster).keyPrefix].some(Boolean)
}

/** The connection as BullMQ takes it, for adding. */
export function connectionOf(connection: object): ConnectionOptions {
  return isClient(connection) ? (connection as ConnectionOptions) : { ...connection }
}

/** A connection for a worker, which waits for jobs without end and so must never give a command up. */
export function workerConnectionOf(connection: object): { readonly connection: ConnectionOptions; close(): void } {
  const patient = { maxRetriesPerRequest: null }
  if (!isClient(connection)) return { connection: { ...connection, ...patient }, close() {} }
  const client = connection.isCluster
    ? connection.duplicate(undefined, { redisOptions: { ...connection.options?.redisOptions, ...patient } })
    : connection.duplicate(patient)
  // BullMQ listens as long as it uses it, and the client outlives that by a moment.
  client.on('error', () => {})
  return { connection: client as ConnectionOptions, close: () => client.disconnect() }
}
