// Servers of a test's own, that it may kill and start again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { freePort } from '../support/free-port.ts'

/** A database server that can be crashed and started again on what it has kept. */
export interface OwnServer {
  readonly url: string
  /** Cuts every connection but the one it is cut through. */
  cut(): Promise<void>
  /** Crashes it and starts it again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Where PostgreSQL's own programs are, or undefined. */
export function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  const installed = existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : []
  try {
    installed.push(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim())
  } catch {
    // It comes with the development package only.
  }
  return installed.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** Whether there is a `redis-server`. */
export function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Starts a PostgreSQL server in a folder of its own. */
export async function startPostgres(programs: string): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-postgres-'))
  const user = unprivileged()
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  const data = join(folder, 'data')
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...options,
    stdio: 'ignore',
  })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: folder, max_connections: 200 }
  const begin = () =>
    spawn(
      join(programs, 'postgres'),
      ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...options,
        stdio: 'ignore',
      },
    )
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query(text)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return own({
    url,
    folder,
    begin,
    // An immediate shutdown: no checkpoint, and a recovery at the next start, as after a crash.
    fatal: 'SIGQUIT',
    look: () => query('select 1'),
    cut: () =>
      query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null'),
  })
}

/** Starts a Redis server that writes each command to its disk before it answers. */
export async function startDurableRedis(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-redis-'))
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port, dir: folder, save: '""', appendonly: 'yes', appendfsync: 'always' }
  const begin = () =>
    spawn(
      'redis-server',
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value === '""' ? '' : String(value)]),
      {
        stdio: 'ignore',
      },
    )
  const run = async (...command: readonly [string, ...string[]]) => {
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: null })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.call(...command)
    } finally {
      client.disconnect()
    }
  }
  return own({
    url: `redis://127.0.0.1:${port}`,
    folder,
    begin,
    fatal: 'SIGKILL',
    look: () => run('PING'),
    cut: () => run('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  })
}

interface Server {
  readonly url: string
  readonly folder: string
  readonly begin: () => ChildProcess
  readonly fatal: NodeJS.Signals
  readonly look: () => Promise<void>
  readonly cut: () => Promise<void>
}

async function own({ url, folder, begin, fatal, look, cut }: Server): Promise<OwnServer> {
  let server = begin()

  async function ready(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await look()
      } catch (error) {
        if (tries > 200 || server.exitCode !== null) throw error
        await wait(50)
      }
    }
  }

  async function end(): Promise<void> {
    if (server.exitCode === null && server.signalCode === null && server.kill(fatal)) await once(server, 'exit')
  }

  async function stop(): Promise<void> {
    await end()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await ready()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    cut,
    async restart() {
      await end()
      server = begin()
      await ready()
    },
    stop,
  }
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // The next one.
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no other user')
}
