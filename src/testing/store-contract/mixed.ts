import assert from 'node:assert/strict'
import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationRecord } from '../../contract/record.ts'
import type { NotificationStore } from '../../contract/store.ts'
import { atOnce, type Checks, same, withOther } from './opened.ts'
import { next, sampleReceipt, sampleRecord, settled, start } from './samples.ts'

const actors = 20
const operationsEach = 50

/** Many at once: each actor knows what its own records must be, whatever the others do to theirs. */
export const mixedChecks: Checks = {
  'many at once: a thousand records are stored, due, settled and forgotten together': async ({ store }) => {
    const count = 1000
    const records = Array.from({ length: count }, (_, index) =>
      sampleRecord(`n${index}`, { keys: [`m${index}`, 'shared'], idempotencyKey: `order-${index}`, dueAt: start + index }),
    )
    const inserted = await Promise.all(records.map(async (record) => (await store.insert(record)).created))
    assert.ok(inserted.every(Boolean))
    same(
      await store.due(start + count, 2 * count),
      records.map(({ id }) => id),
    )
    assert.equal((await store.findByKey('twin', 'shared', 2 * count)).length, count)
    const updated = await Promise.all(records.map(async (record) => store.update(settled(record, start), 0)))
    assert.ok(updated.every(Boolean))
    assert.equal(await store.nextDueAt(), null)
    assert.equal(await store.prune(start + 1, start, 2 * count), count)
    same([await store.get('n0'), await store.findByKey('twin', 'shared', count)], [undefined, []])
  },

  'many at once: 1,000 mixed operations leave what they would have left one by one': ({ store }) => runMixed([store]),
}

/** The same over two stores on one state, each operation through either. */
export const mixedAcross = withOther((one, other) => runMixed([one, other]))

interface Actor {
  readonly name: string
  readonly random: (below: number) => number
  readonly store: () => NotificationStore
  readonly records: Map<string, NotificationRecord>
  readonly parked: Map<string, Receipt>
}

async function runMixed(stores: readonly NotificationStore[]): Promise<void> {
  const [store] = stores
  assert.ok(store)
  const all = await atOnce(actors, async (index) => {
    const random = randomFrom(index + 1)
    const pick = () => stores[random(stores.length)] ?? store
    const actor: Actor = { name: `p${index}`, random, store: pick, records: new Map(), parked: new Map() }
    for (let done = 0; done < operationsEach; done++) await act(actor)
    return actor
  })
  const records = all.flatMap((actor) => [...actor.records.values()])
  const dueAts = records.flatMap(({ id, dueAt }) => (dueAt === null ? [] : [{ id, dueAt }])).sort((a, b) => a.dueAt - b.dueAt)
  const due = await store.due(start + 1_000_000, 10_000)
  same([...due].sort(), dueAts.map(({ id }) => id).sort())
  const timeOf = new Map(dueAts.map(({ id, dueAt }) => [id, dueAt]))
  same(
    due.map((id) => timeOf.get(id)),
    dueAts.map(({ dueAt }) => dueAt),
  )
  assert.equal(await store.nextDueAt(), dueAts[0]?.dueAt ?? null)
  const pruned = records.filter(({ settledAt }) => settledAt !== null)
  assert.equal(await store.prune(start + 1_000_000, start, 10_000), pruned.length)
  for (const record of records) same(await store.get(record.id), record.settledAt === null ? record : undefined)
}

/** One operation, and whether its answer is what the actor's own records and receipts say. */
async function act(actor: Actor): Promise<void> {
  const { name, random, records, parked } = actor
  const store = actor.store()
  const known = [...records.values()]
  const record = known[random(known.length)]
  const key = `k${random(4)}`
  switch (random(8)) {
    case 0:
      return insert(actor, store, key)
    case 1:
    case 2:
      return record && update(actor, store, record, key)
    case 3:
      return same(await store.get(record?.id ?? name), record)
    case 4: {
      const expected = known.filter((own) => own.steps[0]?.attempts[0]?.keys.includes(key)).map(({ id }) => id)
      const found = await store.findByKey(name, key, 100)
      same(found.map(({ id }) => id).sort(), expected.sort())
      for (const own of found) same(own, records.get(own.id))
      return
    }
    case 5: {
      const receipt = sampleReceipt([key, `k${random(4)}`], { provider: name, at: random(3) })
      await store.parkReceipt(receipt, start, start + 900_000)
      parked.set(JSON.stringify(receipt), receipt)
      return
    }
    case 6: {
      const receipt = [...parked.values()][random(parked.size)]
      if (receipt === undefined) return
      await store.dropParked(receipt)
      parked.delete(JSON.stringify(receipt))
      return
    }
    default: {
      const expected = [...parked.values()].filter(({ keys }) => keys.includes(key)).map((receipt) => JSON.stringify(receipt))
      const found = await store.findParked(name, [key], start)
      same(found.map((receipt) => JSON.stringify(receipt)).sort(), expected.sort())
    }
  }
}

async function insert({ name, random, records }: Actor, store: NotificationStore, key: string): Promise<void> {
  const id = `${name}-${records.size}`
  const idempotencyKey = random(2) === 0 ? null : `${name}-${random(10)}`
  const record = sampleRecord(id, { provider: name, keys: [key], idempotencyKey, dueAt: start + random(1000) })
  const known = idempotencyKey === null ? undefined : [...records.values()].find((own) => own.idempotencyKey === idempotencyKey)
  same(await store.insert(record), { record: known ?? record, created: known === undefined })
  if (known === undefined) records.set(id, record)
}

async function update({ name, random, records }: Actor, store: NotificationStore, record: NotificationRecord, key: string) {
  const { keys = [] } = record.steps[0]?.attempts[0] ?? {}
  const moved = { provider: name, keys: [...keys, key], dueAt: start + random(1000) }
  const changed = random(4) === 0 ? settled(record, start + random(1000)) : next(record, record.settledAt === null ? moved : {})
  const expected = random(4) === 0 ? record.version + 1 + random(3) : record.version
  const won = expected === record.version
  assert.equal(await store.update(changed, expected), won)
  if (won) records.set(record.id, changed)
}

/** The same numbers for the same seed (mulberry32), so that a failure can be had again. */
function randomFrom(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
