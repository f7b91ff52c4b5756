import { Queue } from 'bullmq'
import { openBoss, openRedis, type Place } from './engines.ts'

/** The name of the bare queues. */
export const bareQueue = 'bare'

/** A job of a bare queue: when it is due, and its number. */
export interface BareJob {
  readonly due: number
  readonly id: number
}

/** A bare queue's end at which jobs are put in. */
export interface BareQueue {
  /** One job for each time, by which it is due; NaN: at once. */
  add(dues: readonly number[]): Promise<void>
  close(): Promise<void>
}

/** pg-boss or BullMQ by itself. */
export async function openBareQueue({ engine, name }: Place): Promise<BareQueue> {
  return engine === 'redis+bullmq' ? openBull(name) : openBossQueue(name, engine === 'postgres+pg-boss-notify')
}

async function openBossQueue(name: string, notify: boolean): Promise<BareQueue> {
  const boss = await openBoss(name, notify)
  await boss.createQueue(bareQueue, { notify })
  return {
    async add(dues) {
      for (const some of chunks(numbered(dues))) {
        const jobs = some.map((data) => ({ data, startAfter: secondsUntil(data.due) }))
        await boss.insert(bareQueue, jobs)
      }
    },
    close: () => boss.stop({ graceful: false }),
  }
}

function openBull(name: string): BareQueue {
  const client = openRedis()
  const queue = new Queue(bareQueue, { connection: client, prefix: `{${name}}` })
  return {
    async add(dues) {
      for (const some of chunks(numbered(dues))) {
        const jobs = some.map((data) => ({
          name: 'job',
          data,
          opts: { removeOnComplete: true, removeOnFail: true, delay: Math.max(0, Math.round(secondsUntil(data.due) * 1000)) },
        }))
        await queue.addBulk(jobs)
      }
    },
    async close() {
      await queue.close()
      client.disconnect()
    },
  }
}

function numbered(dues: readonly number[]): BareJob[] {
  return dues.map((due, id) => ({ due, id }))
}

function secondsUntil(due: number): number {
  // A fraction of a millisecond would make it a job for later.
  return Number.isNaN(due) || due < Date.now() + 1 ? 0 : (due - Date.now()) / 1000
}

function chunks<T>(all: readonly T[], most = 1000): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, index) => all.slice(index * most, (index + 1) * most))
}
