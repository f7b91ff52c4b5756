import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import { describe, type SuiteAPI } from 'vitest'
import { freePort } from './free-port.ts'
import { leftOut } from './left-out.ts'

/** Options of a client that answers in the shapes of RESP2, whatever it speaks. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>

/** The server that tests share; each uses a prefix of its own. */
export const redisUrl = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379'

/** `describe` where the shared server is in reach. Where it is not, CI fails, and elsewhere the tests are left out. */
export const describeRedis = await given('a Redis server (TEST_REDIS_URL)', isReachable)

/** `describe` where a `redis-server` can be started. */
export const describeOwnRedis = await given('redis-server', async () => {
  execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
})

/** A client of the shared server, which its test disconnects. */
export function connect(options: ClientOptions = {}): Redis {
  return quiet(new Redis(redisUrl, options))
}

/** Connection errors are the commands' to tell. */
export function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(client: T): T {
  client.on('error', () => {})
  return client
}

/** A prefix that no other test has. */
export function ownPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Deletes whatever a test has left under its prefix. */
export async function dropPrefix(client: Redis, prefix: string): Promise<void> {
  for await (const found of client.scanStream({ match: `*{${prefix}}*`, count: 1000 })) {
    const names: string[] = found
    if (names.length > 0) await client.unlink(...names)
  }
}

/** A `redis-server` of a test's own. */
export interface OwnRedis {
  readonly port: number
  /** The port on which it talks to its cluster, if it has one. */
  readonly busPort: number | undefined
  /** Its process, to be stopped or killed. */
  readonly process: ChildProcess
  connect(options?: ClientOptions): Redis
  /** Ends it, and everything it kept. */
  stop(): Promise<void>
}

/** Starts a `redis-server` on loopback, in a folder of its own and on a free port unless `config`, which is what stands in a redis.conf, names one. */
export async function startRedis(config: Readonly<Record<string, string>> = {}): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-redis-'))
  const port = config.port === undefined ? await freePort() : Number(config.port)
  const busPort = config['cluster-port'] === undefined ? undefined : Number(config['cluster-port'])
  const all = { bind: '127.0.0.1', port: String(port), dir: folder, save: '', appendonly: 'no', ...config }
  const server = spawn(
    'redis-server',
    Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: 'ignore' },
  )
  const clients: Redis[] = []
  const connectOwn = (options: ClientOptions = {}) => {
    const client = quiet(new Redis(port, '127.0.0.1', options))
    clients.push(client)
    return client
  }
  const stop = async () => {
    for (const client of clients) client.disconnect()
    if (server.exitCode === null && server.signalCode === null && server.kill('SIGKILL')) await once(server, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await connectOwn({ retryStrategy: () => 20, maxRetriesPerRequest: 500 }).ping()
  } catch (error) {
    await stop()
    throw error
  }
  return { port, busPort, process: server, connect: connectOwn, stop }
}

async function isReachable(): Promise<void> {
  const client = connect({ lazyConnect: true, retryStrategy: null, connectTimeout: 2000 })
  try {
    await client.connect()
    await client.ping()
  } finally {
    client.disconnect()
  }
}

async function given(what: string, look: () => Promise<void>): Promise<SuiteAPI | SuiteAPI['skip']> {
  try {
    await look()
    return describe
  } catch {
    return leftOut(what)
  }
}
