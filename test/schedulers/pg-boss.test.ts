import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { schedulerContract } from 'omnicascade/testing'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { ownName, postgresIsThere, postgresUrl } from './support.ts'

const schema = ownName('boss')
const newBoss = () => new PgBoss({ connectionString: postgresUrl, schema, max: 8, schedule: false })

describe.skipIf(!postgresIsThere)('pg-boss on PostgreSQL', () => {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 4 })
  const bosses = [newBoss(), newBoss()] as const
  const bossErrors: unknown[] = []

  beforeAll(async () => {
    for (const boss of bosses) {
      boss.on('error', (error) => bossErrors.push(error))
      await boss.start()
    }
  }, 60_000)

  afterAll(async () => {
    for (const boss of bosses) await boss.stop({ graceful: false })
    await pool.query(`drop schema if exists ${schema} cascade`)
    await pool.end()
  }, 60_000)

  describe.concurrent('keeps the contract', () => {
    const open = () => {
      const queue = ownName('q')
      const [one, other] = bosses
      return {
        scheduler: pgBoss({ boss: one, queue }),
        another: () => pgBoss({ boss: other, queue }),
        dispose: () => one.deleteQueue(queue),
      }
    }
    for (const { name, run } of schedulerContract({ open })) test(name, run, 60_000)
  })
})
