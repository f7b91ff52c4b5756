import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Finding, Slice, Tally } from './fuzz.ts'
import type { Growth } from './growth.ts'

/** Work for a thread: inputs of a target, or, without a slice, its growth. */
export interface Job {
  readonly target: string
  readonly slice?: Slice
}

/** What a thread says: nothing at first, then of each job. */
export interface Report {
  readonly tally?: Tally
  readonly finding?: Finding
  readonly growth?: readonly Growth[]
}

// In milliseconds. An input may take 5 s before it counts as a finding, and the growth of a parser some minutes.
const stuckAfter = { input: 120_000, growth: 1_200_000 }

/** Runs jobs on all cores. A thread that hangs or dies is a job that rejects. */
export async function runJobs(jobs: readonly Job[], onReport: (job: Job, report: Report) => void): Promise<void> {
  const queue = [...jobs]
  const threads = Math.min(availableParallelism(), jobs.length)
  await Promise.all(Array.from({ length: threads }, () => drain(queue, onReport)))
}

async function drain(queue: Job[], onReport: (job: Job, report: Report) => void): Promise<void> {
  const shared = new SharedArrayBuffer(4)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: shared })
  try {
    await once(worker, 'message')
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      worker.postMessage(job)
      onReport(job, await answered(worker, job, new Int32Array(shared)))
    }
  } finally {
    await worker.terminate()
  }
}

async function answered(worker: Worker, { target, slice }: Job, at: Int32Array): Promise<Report> {
  const stopped = new AbortController()
  let last = -1
  const watch = setInterval(
    () => {
      const index = Atomics.load(at, 0)
      const where = slice === undefined ? 'its growth' : `input ${index} of seed ${slice.seed}`
      if (slice === undefined || index === last) stopped.abort(new Error(`${target}: ${where} does not end`))
      last = index
    },
    stuckAfter[slice === undefined ? 'growth' : 'input'],
  )
  try {
    const [report] = (await once(worker, 'message', { signal: stopped.signal })) as [Report]
    return report
  } catch (error) {
    throw stopped.signal.aborted ? stopped.signal.reason : new Error(`${target}: a thread died`, { cause: error })
  } finally {
    clearInterval(watch)
  }
}
