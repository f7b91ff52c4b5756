import type { NotificationRecord } from '../../contract/record.ts'
import { attemptKeysOf, fromKeyPart, type Keys } from './keys.ts'
import type { Run } from './pipeline.ts'
import { commandScript, pruneScript } from './scripts.ts'

// A script holds up everyone else for as long as it runs.
const recordsAtOnce = 100

/** Forgets up to `limit` records that settled before `settledBefore`, with their keys; gives how many. */
export async function pruneRecords(run: Run, keys: Keys, settledBefore: number, limit: number): Promise<number> {
  const range = ['ZRANGEBYSCORE', '-inf', `(${settledBefore}`, 'LIMIT', 0, limit]
  const ids = (await run(commandScript, [keys.settled], ...range)) as string[]
  const read = (id: string) => run(commandScript, [keys.record(fromKeyPart(id))], 'HMGET', 'version', 'json')
  const stored = (await Promise.all(ids.map(read))) as [version: string | null, json: string | null][]
  const records = ids.map((id, index) => toForget(id, ...stored[index]!, keys))
  const chunks = Array.from({ length: Math.ceil(records.length / recordsAtOnce) }, (_, chunk) =>
    records.slice(chunk * recordsAtOnce, (chunk + 1) * recordsAtOnce),
  )
  const forgotten = await Promise.all(
    chunks.map((chunk) =>
      run(pruneScript, [keys.settled, ...chunk.flatMap((record) => record.keys)], ...chunk.flatMap((record) => record.values)),
    ),
  )
  return forgotten.reduce<number>((sum, count) => sum + Number(count), 0)
}

/** A record's part of the script's keys and values. */
function toForget(id: string, version: string | null, json: string | null, keys: Keys) {
  const record = parsed(json)
  const attempts = record === undefined ? [] : attemptKeysOf(record, keys)
  const idempotency = typeof record?.idempotencyKey === 'string' ? [keys.idempotency(record.idempotencyKey)] : []
  return {
    keys: [keys.record(fromKeyPart(id)), ...attempts, ...idempotency],
    values: [id, version ?? '', attempts.length, idempotency.length],
  }
}

/** What is damaged is forgotten too; what its keys lead to is then seen to be gone. */
function parsed(json: string | null): NotificationRecord | undefined {
  try {
    const record: NotificationRecord | null = json === null ? null : JSON.parse(json)
    return record !== null && Array.isArray(record.steps) ? record : undefined
  } catch {
    return undefined
  }
}
