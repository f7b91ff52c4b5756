// Reads a stream of NDJSON as long as it is told, made as it is read, and says by how much its memory grew at most.
import { Readable } from 'node:stream'
import { parseSambaEvents } from 'omnicascade/samba'
import split2 from 'split2'
import { answer, taskOfChild } from '../kit/child.ts'
import type { MemoryTask } from './memory.ts'
import { eachOf } from './peers.ts'
import { inputOf } from './records.ts'

const { chunks } = inputOf('ndjson', 1_000_000)

/** Chunks of their own, as a socket would give them: the same megabyte again and again. */
async function* arriving(bytes: number, look: () => void): AsyncGenerator<Uint8Array> {
  for (let given = 0; given < bytes; ) {
    for (const chunk of chunks) {
      given += chunk.length
      yield chunk.slice()
      look()
    }
  }
}

async function read({ bytes, reader }: MemoryTask, look: () => void): Promise<number> {
  const source = arriving(bytes, look)
  if (reader === 'split2') return eachOf(Readable.from(source).pipe(split2(JSON.parse)))
  const events = parseSambaEvents(source)
  if (reader === 'ours, one by one') return eachOf(events)
  let count = 0
  for await (const batch of events.batches()) count += batch.length
  return count
}

const task = taskOfChild<MemoryTask>()
if (task !== undefined) {
  const before = process.memoryUsage.rss()
  let most = before
  // At every chunk: the kernel's own peak counts the process that started this one as well.
  await read(task, () => {
    most = Math.max(most, process.memoryUsage.rss())
  })
  answer(most - before)
}
