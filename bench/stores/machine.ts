import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { describeMachine, type Machine, machineLine } from '../kit/machine.ts'
import { openPool, openRedis } from './engines.ts'

/** The machine, its disk and its servers. */
export interface StoreMachine extends Machine {
  /** Appends of 1 KB a second, each followed by fdatasync: what the disk lets one record at a time have. */
  readonly syncsPerSecond: number
  readonly postgres?: string
  readonly redis?: string
}

/** Looks at the machine and the servers that the benchmark uses. */
export async function describeStoreMachine(
  folder: string,
  wants: (family: 'postgres' | 'redis') => boolean,
): Promise<StoreMachine> {
  return {
    ...describeMachine(),
    syncsPerSecond: syncsPerSecond(`${folder}/syncs`),
    ...(wants('postgres') && { postgres: await postgresSettings() }),
    ...(wants('redis') && { redis: await redisSettings() }),
  }
}

/** What a reader has to know of the machine, in a line. */
export function storeMachineLine(machine: StoreMachine): string {
  const { syncsPerSecond, postgres, redis } = machine
  const parts = [
    machineLine(machine),
    `${syncsPerSecond} fdatasync/s`,
    postgres && `PostgreSQL ${postgres}`,
    redis && `Redis ${redis}`,
  ]
  return `${parts.filter(Boolean).join(', ')}; engines, workers and the benchmark itself share the cores`
}

function syncsPerSecond(file: string): number {
  const handle = openSync(file, 'w')
  const bytes = Buffer.alloc(1024, 1)
  const milliseconds = 500
  let count = 0
  for (const end = performance.now() + milliseconds; performance.now() < end; count++) {
    writeSync(handle, bytes)
    fdatasyncSync(handle)
  }
  closeSync(handle)
  rmSync(file)
  return Math.round((count * 1000) / milliseconds)
}

async function postgresSettings(): Promise<string> {
  const pool = openPool(1)
  const { rows } = await pool.query<Record<string, string>>(
    `select current_setting('server_version_num')::int / 10000 as version, current_setting('fsync') as fsync,
     current_setting('synchronous_commit') as commit, current_setting('shared_buffers') as buffers`,
  )
  await pool.end()
  const { version, fsync, commit, buffers } = rows[0] ?? {}
  return `${version} (fsync ${fsync}, synchronous_commit ${commit}, shared_buffers ${buffers})`
}

async function redisSettings(): Promise<string> {
  const client = openRedis()
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1]
  const persistence = await client.info('persistence')
  const appendOnly = /aof_enabled:1/.test(persistence)
  const fsync = appendOnly ? ((await client.call('config', 'get', 'appendfsync')) as string[])[1] : undefined
  client.disconnect()
  return `${version} (appendonly ${appendOnly ? `yes, appendfsync ${fsync}` : 'no'})`
}
