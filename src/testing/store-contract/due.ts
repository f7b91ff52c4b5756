import assert from 'node:assert/strict'
import { atOnce, type Checks, same } from './opened.ts'
import { next, sampleReceipt, sampleRecord, settled, start } from './samples.ts'

/** When records are to be woken. */
export const dueChecks: Checks = {
  'due: an empty store has nothing': async ({ store }) => {
    same(await store.due(start, 10), [])
    assert.equal(await store.nextDueAt(), null)
    same(await store.findByKey('twin', 'm1', 10), [])
    same(await store.findParked('twin', ['m1'], start), [])
  },

  'due: ids whose time has come, the earliest first, no more than asked for': async ({ store }) => {
    for (const [id, dueAt] of [
      ['late', 30],
      ['early', 10],
      ['later', 31],
      ['middle', 20],
    ] as const)
      await store.insert(sampleRecord(id, { dueAt: start + dueAt }))
    same(await store.due(start + 30, 10), ['early', 'middle', 'late'])
    same(await store.due(start + 30, 2), ['early', 'middle'])
    same(await store.due(start + 9, 10), [])
    same(await store.due(start + 30, 10), ['early', 'middle', 'late'], 'asking changes nothing')
    assert.equal(await store.nextDueAt(), start + 10)
  },

  'due: of those with one time none is left out, and none comes twice': async ({ store }) => {
    await atOnce(30, (index) => store.insert(sampleRecord(`n${index}`, { dueAt: start })))
    assert.equal(new Set(await store.due(start, 100)).size, 30)
    assert.equal(new Set(await store.due(start, 7)).size, 7)
    for (let left = 30; left > 0; left -= 10) {
      const ids = await store.due(start, 10)
      assert.equal(ids.length, 10)
      await Promise.all(ids.map((id) => store.update(settled(sampleRecord(id), start), 0)))
    }
    same(await store.due(start, 10), [])
  },

  'due: a record is due when its last version says so: earlier, later, or never': async ({ store }) => {
    const record = sampleRecord('n1', { dueAt: start + 50 })
    await store.insert(record)
    await store.insert(sampleRecord('n2', { dueAt: start + 40 }))
    const earlier = next(record, { dueAt: start + 10 })
    await store.update(earlier, 0)
    same([await store.due(start + 10, 10), await store.nextDueAt()], [['n1'], start + 10])
    const later = next(earlier, { dueAt: start + 60 })
    await store.update(later, 1)
    same([await store.due(start + 50, 10), await store.nextDueAt()], [['n2'], start + 40])
    same(await store.due(start + 60, 10), ['n2', 'n1'])
    await store.update(settled(later, start + 60), 2)
    same(await store.due(start + 100, 10), ['n2'])
    await store.update(settled(sampleRecord('n2'), start + 60), 0)
    same([await store.due(start + 100, 10), await store.nextDueAt()], [[], null])
  },

  'due: a settled record that waits for something is due then': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1'] })
    await store.insert(record)
    await store.update({ ...settled(record, start), dueAt: start + 20 }, 0)
    same([await store.due(start + 20, 10), await store.nextDueAt()], [['n1'], start + 20])
  },

  'due: one that is inserted as settled never is': async ({ store }) => {
    await store.insert(sampleRecord('n1', { settledAt: start, dueAt: null }))
    same([await store.due(start + 20, 10), await store.nextDueAt()], [[], null])
  },

  'times: the first moment and the last are times like any other': async ({ store }) => {
    const last = 8_640_000_000_000_000
    await store.insert(sampleRecord('last', { dueAt: last }))
    same([await store.due(last - 1, 10), await store.nextDueAt()], [[], last])
    await store.insert(sampleRecord('first', { dueAt: 0, createdAt: 0, sendAt: 0 }))
    same([await store.due(0, 10), await store.nextDueAt()], [['first'], 0])
    same(await store.due(last, 10), ['first', 'last'])
    await store.update(settled(sampleRecord('first'), 0), 0)
    assert.equal(await store.prune(1, 1, 10), 1)
    assert.equal(await store.get('first'), undefined)
  },

  'times: are those of the arguments, not of a clock of the store': async ({ store }) => {
    const record = sampleRecord('n1', { dueAt: 1000, createdAt: 0, sendAt: 0, idempotencyKey: 'order-1', keys: ['m1'] })
    await store.insert(record)
    await store.parkReceipt(sampleReceipt(['a'], { at: 0 }), 0, 900)
    same(await store.findParked('twin', ['a'], 899), [sampleReceipt(['a'], { at: 0 })])
    same([await store.due(999, 10), await store.due(1000, 10)], [[], ['n1']])
    const done = settled(record, 1000)
    await store.update(done, 0)
    same([await store.get('n1'), await store.findByKey('twin', 'm1', 1)], [done, [done]])
    assert.equal((await store.insert(sampleRecord('n2', { idempotencyKey: 'order-1' }))).created, false)
  },

  'times: a part of a millisecond is taken': async ({ store }) => {
    const record = sampleRecord('n1', { dueAt: start + 10.5 })
    await store.insert(record)
    same([await store.due(start + 9, 10), await store.due(start + 11, 10)], [[], ['n1']])
    const nextDueAt = await store.nextDueAt()
    assert.ok(nextDueAt !== null && nextDueAt >= start + 10 && nextDueAt <= start + 11)
    const later = next(record, { dueAt: start + 20.5 })
    assert.equal(await store.update(later, 0), true)
    same(await store.get('n1'), later)
    await store.parkReceipt(sampleReceipt(['a']), start + 0.5, start + 100.5)
    assert.equal((await store.findParked('twin', ['a'], start + 99.5)).length, 1)
    assert.equal(await store.update(settled(later, start + 30.5), 1), true)
    assert.equal(await store.prune(start + 32.5, start + 32.5, 10), 1)
  },
}
