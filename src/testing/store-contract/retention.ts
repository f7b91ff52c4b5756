import assert from 'node:assert/strict'
import type { NotificationStore } from '../../contract/store.ts'
import { atOnce, type Checks, same } from './opened.ts'
import { next, sampleReceipt, sampleRecord, settled, start } from './samples.ts'

/** What is forgotten, and what never is. */
export const retentionChecks: Checks = {
  'prune: forgets what settled before, the longest settled first, no more than asked for': async ({ store }) => {
    for (const [id, settledAt] of [
      ['n3', 30],
      ['n1', 10],
      ['n4', 40],
      ['n2', 20],
    ] as const)
      await insertSettled(store, id, start + settledAt)
    assert.equal(await store.prune(start + 10, start, 10), 0)
    assert.equal(await store.prune(start + 40, start, 2), 2)
    same(await idsLeft(store), ['n3', 'n4'])
    assert.equal(await store.prune(start + 40, start, 2), 1)
    same(await idsLeft(store), ['n4'])
    assert.equal(await store.prune(start + 40, start, 2), 0)
  },

  'prune: keeps what has not settled, and what has settled but waits for something': async ({ store }) => {
    await store.insert(sampleRecord('n1', { dueAt: 5, createdAt: 0, sendAt: 0 }))
    await store.insert(sampleRecord('n2'))
    await store.update({ ...settled(sampleRecord('n2'), start), dueAt: start + 20 }, 0)
    await insertSettled(store, 'n3', start)
    await insertSettled(store, 'n4', start)
    assert.equal(await store.prune(start + 10, start + 10, 10), 2)
    same(await idsLeft(store), ['n1', 'n2'])
    const waiting = await store.get('n2')
    assert.ok(waiting)
    assert.equal(await store.update(next(waiting, { dueAt: null }), waiting.version), true)
    assert.equal(await store.prune(start + 10, start + 10, 10), 1)
    same(await idsLeft(store), ['n1'])
  },

  'prune: forgets keys and idempotency keys with the record, and leaves those of others': async ({ store }) => {
    const records = ['n1', 'n2'].map((id) => sampleRecord(id, { keys: ['user-7', `m-${id}`], idempotencyKey: `order-${id}` }))
    for (const record of records) await store.insert(record)
    const [first, second] = records
    assert.ok(first && second)
    await store.update(next(first, { keys: ['user-7', 'm-n1', 'added'] }), 0)
    const current = await store.get('n1')
    assert.ok(current)
    await store.update(settled(current, start), 1)
    assert.equal(await store.prune(start + 1, start, 10), 1)
    assert.equal(await store.get('n1'), undefined)
    assert.equal(await store.update(next(current), current.version), false)
    for (const key of ['m-n1', 'added']) same(await store.findByKey('twin', key, 10), [])
    same(await store.findByKey('twin', 'user-7', 10), [second])
    same((await store.insert(sampleRecord('n3', { idempotencyKey: 'order-n2' }))).record, second)
    const again = sampleRecord('n1', { idempotencyKey: 'order-n1' })
    same(await store.insert(again), { record: again, created: true })
    same(await store.findByKey('twin', 'm-n1', 10), [])
  },

  'prune: forgets parked receipts that have expired, and counts whichever were more': async ({ store }) => {
    const receipts = Array.from({ length: 6 }, (_, index) => sampleReceipt(['a'], { at: index }))
    await atOnce(6, (index) => store.parkReceipt(receipts[index] ?? assert.fail(), start, start + 100 + index))
    await insertSettled(store, 'n1', start)
    assert.equal(await store.prune(start + 1, start + 99, 10), 1)
    assert.equal((await store.findParked('twin', ['a'], start)).length, 6)
    await insertSettled(store, 'n2', start)
    assert.equal(await store.prune(start + 1, start + 104, 3), 3)
    assert.equal(await store.get('n2'), undefined)
    assert.equal(await store.prune(start + 1, start + 104, 3), 2)
    same(await store.findParked('twin', ['a'], start), receipts.slice(5))
    assert.equal(await store.prune(start + 1, start + 104, 3), 0)
  },

  'prune: called again while it forgets as many as asked for, it forgets everything it may, even at the same time': async ({
    store,
  }) => {
    await atOnce(95, (index) => insertSettled(store, `n${index}`, start + index))
    await atOnce(5, (index) => store.insert(sampleRecord(`open${index}`, { dueAt: start + index })))
    const pruneAll = async () => {
      let total = 0
      for (let forgotten = 10; forgotten === 10; total += forgotten) forgotten = await store.prune(start + 95, start + 95, 10)
      return total
    }
    await atOnce(3, pruneAll)
    assert.equal(await store.prune(start + 95, start + 95, 10), 0)
    same(await store.due(start + 10, 10), ['open0', 'open1', 'open2', 'open3', 'open4'])
    for (let index = 0; index < 95; index++) assert.equal(await store.get(`n${index}`), undefined)
  },
}

async function insertSettled(store: NotificationStore, id: string, settledAt: number): Promise<void> {
  const record = sampleRecord(id)
  await store.insert(record)
  assert.equal(await store.update(settled(record, settledAt), 0), true)
}

async function idsLeft(store: NotificationStore): Promise<string[]> {
  const ids = ['n1', 'n2', 'n3', 'n4']
  const records = await Promise.all(ids.map((id) => store.get(id)))
  return ids.filter((_, index) => records[index] !== undefined)
}
