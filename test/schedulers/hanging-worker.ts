// A worker that never ends a wake-up, for tests to kill: `node hanging-worker.ts pg-boss <url> <schema> <queue>` or `… bullmq <url> <prefix> <queue>`.
import type { Scheduler } from '../../src/contract/store.ts'

const [, , engine, url, place, queue] = process.argv as unknown as readonly [string, string, string, string, string, string]

async function open(): Promise<Scheduler> {
  if (engine === 'bullmq') {
    const { bullmq } = await import('../../src/schedulers/bullmq.ts')
    return bullmq({ connection: { url }, prefix: place, queue, redeliverAfter: '1s' })
  }
  const { PgBoss } = await import('pg-boss')
  const { pgBoss } = await import('../../src/schedulers/pg-boss.ts')
  const boss = new PgBoss({ connectionString: url, schema: place, max: 2, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  return pgBoss({ boss, queue, redeliverAfter: '1s' })
}

const scheduler = await open()
await scheduler.start(
  (id) => {
    process.stdout.write(`${id}\n`)
    return new Promise(() => {})
  },
  () => {},
)
