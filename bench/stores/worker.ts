// A worker of the benchmark, in a process of its own: ours on a store, or a bare queue's.
import { Worker } from 'bullmq'
import { openByHand } from './by-hand.ts'
import { fetching, open, openBoss, openRedis, type Place } from './engines.ts'
import { noop, notifierOn, recordTexts } from './notifications.ts'
import { type BareJob, bareQueue } from './queues.ts'

/** What a worker is told when it is started. */
export interface WorkerTask {
  readonly place: Place
  /** `ours`, or the bare queue that the engine has, whose jobs do nothing, or by hand what ours do. */
  readonly kind: 'ours' | 'bare' | 'by-hand'
  readonly receipts: 'none' | 'full'
}

/** What a worker tells: that it can begin; how much it has done, and how late each was. */
export type WorkerSays =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly count: number; readonly at: number; readonly late: readonly number[] }

/** Unix milliseconds with a fraction: all processes of a machine agree on them. */
export const exactly = (): number => performance.timeOrigin + performance.now()

interface Working {
  stop(): Promise<void>
}

async function oursAt({ place, receipts }: WorkerTask, done: (due: number) => void, onStored: () => void): Promise<Working> {
  const opened = await open(place)
  const provider = noop(receipts, ({ content }) => done(Number.parseFloat(content.text)))
  const notifier = notifierOn(opened, provider)
  notifier.on('attempt.accepted', onStored)
  return {
    async stop() {
      await notifier.close()
      await opened.close()
    },
  }
}

async function bareAt({ place, kind }: WorkerTask, done: (due: number) => void, onStored: () => void): Promise<Working> {
  const byHand = kind === 'by-hand' ? await openByHand(place, await recordTexts('none')) : undefined
  const handle = async ({ due, id }: BareJob) => {
    await byHand?.handle(id)
    done(due)
    onStored()
  }
  if (place.engine === 'redis+bullmq') {
    const client = openRedis()
    const options = { connection: client, prefix: `{${place.name}}`, concurrency: fetching.jobs }
    const worker = new Worker(bareQueue, ({ data }) => handle(data), options)
    return {
      async stop() {
        await worker.close()
        await byHand?.close()
        client.disconnect()
      },
    }
  }
  const boss = await openBoss(place.name, place.engine === 'postgres+pg-boss-notify')
  const options = {
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
    burstWhenBatchFull: true,
    batchSize: fetching.batchSize,
    localConcurrency: fetching.batches,
  }
  const id = await boss.work<BareJob>(bareQueue, options, async (jobs) => {
    await Promise.all(jobs.map(({ data }) => handle(data)))
  })
  return {
    async stop() {
      await boss.offWork(bareQueue, { id, wait: true })
      await boss.stop({ graceful: false })
      await byHand?.close()
    },
  }
}

/** Counts what is done, and tells it at most every few milliseconds. */
function teller() {
  let count = 0
  let late: number[] = []
  let isPlanned = false
  const tell = () => {
    isPlanned = false
    say({ type: 'done', count, at: exactly(), late })
    count = 0
    late = []
  }
  return {
    done(due: number) {
      if (Number.isFinite(due)) late.push(exactly() - due)
    },
    stored() {
      count++
      if (!isPlanned) setTimeout(tell, 10)
      isPlanned = true
    },
  }
}

function say(words: WorkerSays): void {
  process.send?.(words)
}

if (process.send !== undefined) {
  const task = JSON.parse(process.argv[2] ?? '') as WorkerTask
  const { done, stored } = teller()
  let working: Promise<Working> | undefined
  process.on('message', async (message) => {
    if (message === 'go') working = task.kind === 'ours' ? oursAt(task, done, stored) : bareAt(task, done, stored)
    if (message !== 'stop') return
    await (await working)?.stop()
    process.disconnect()
  })
  say({ type: 'ready' })
}
