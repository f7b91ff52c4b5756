import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { postgres } from 'omnicascade/stores/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { type EngineContext, type EngineSetting, inRealTime, type OpenEngine } from './engines.ts'

/** Postgres with pg-boss, each in a schema of the run's own. */
export async function open(
  { url, schema }: Extract<EngineSetting, { engine: 'postgres' }>,
  context: EngineContext,
): Promise<OpenEngine> {
  const { clock, factor, onError } = context
  const pool = new pg.Pool({ connectionString: url, max: 5 })
  pool.on('error', () => {})
  const boss = new PgBoss({
    connectionString: url,
    schema: `${schema}_boss`,
    max: 3,
    migrate: false,
    // A job whose worker has died is given to another within a second or two.
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    persistWarnings: false,
  })
  boss.on('error', onError)
  await boss.start()
  return {
    store: postgres({ pool, schema, clock, retryFor: 10_000 * factor }),
    scheduler: inRealTime(pgBoss({ boss, redeliverAfter: '1s' }), context),
    async close() {
      await boss.stop({ graceful: false, close: true })
      await pool.end()
    },
  }
}
