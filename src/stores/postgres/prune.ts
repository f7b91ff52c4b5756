import type { Names } from './names.ts'
import type { Query } from './pool.ts'

// Rows are locked for as long as one statement takes.
const most = 1000

/** Forgets what has settled and what has expired. What another process is forgetting, or writing, is passed over. */
export function createPrune(names: Names, query: Query) {
  const records = (settledBefore: number, count: number) =>
    query(
      `with old as materialized (
         select id from ${names.notifications} where settled_at < $1::text::bigint and due_at is null
         order by settled_at limit $2::text::bigint for update skip locked),
       gone as (delete from ${names.notifications} as kept using old where kept.id = old.id returning kept.seq),
       unkeyed as (delete from ${names.attemptKeys} as keys using gone where keys.seq = gone.seq)
       select count(*)::text as count from gone`,
      [String(Math.ceil(settledBefore)), String(count)],
    )
  const receipts = (now: number, count: number) =>
    query(
      `with old as materialized (
         select hash from ${names.parkedReceipts} where expires_at <= $1::text::bigint
         order by expires_at limit $2::text::bigint for update skip locked),
       gone as (delete from ${names.parkedReceipts} as kept using old where kept.hash = old.hash returning 1)
       select count(*)::text as count from gone`,
      [String(Math.floor(now)), String(count)],
    )

  async function inBatches(run: (count: number) => ReturnType<Query>, limit: number): Promise<number> {
    for (let gone = 0; ; ) {
      const asked = Math.min(most, limit - gone)
      const [row] = asked > 0 ? await run(asked) : []
      const count = Number(row?.count ?? 0)
      gone += count
      if (count < most || gone >= limit) return gone
    }
  }

  return async (settledBefore: number, now: number, limit: number): Promise<number> => {
    const whole = Math.floor(limit)
    const forgotten = await inBatches((count) => records(settledBefore, count), whole)
    return Math.max(forgotten, await inBatches((count) => receipts(now, count), whole))
  }
}
