import { randomBytes } from 'node:crypto'
import { migrate } from 'omnicascade/stores/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { EngineSetting } from './engines.ts'

/** Makes the tables of a run, in schemas of its own, and gives what drops them. */
export async function preparePostgres(url: string): Promise<{ readonly engine: EngineSetting; drop(): Promise<void> }> {
  const schema = `crash_${randomBytes(5).toString('hex')}`
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  pool.on('error', () => {})
  await migrate({ pool, schema })
  const boss = new PgBoss({ connectionString: url, schema: `${schema}_boss`, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.stop({ graceful: false })
  return {
    engine: { engine: 'postgres', url, schema },
    async drop() {
      await pool.query(`drop schema if exists "${schema}" cascade; drop schema if exists "${schema}_boss" cascade`)
      await pool.end()
    },
  }
}
