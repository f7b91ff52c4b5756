import assert from 'node:assert/strict'
import { mixedAcross } from './mixed.ts'
import { atOnce, type Checks, same, withOther } from './opened.ts'
import { countUp } from './records.ts'
import { next, sampleReceipt, sampleRecord, settled, start } from './samples.ts'

/** Two stores on one state, as two processes have them. */
export const processChecks: Checks = {
  'two processes: each sees at once what the other has written': withOther(async (one, other) => {
    const record = sampleRecord('n1', { keys: ['m1'], idempotencyKey: 'order-1', dueAt: start + 10 })
    await one.insert(record)
    same(await other.get('n1'), record)
    same(await other.findByKey('twin', 'm1', 10), [record])
    same([await other.due(start + 10, 10), await other.nextDueAt()], [['n1'], start + 10])
    same(await other.insert(sampleRecord('n2', { idempotencyKey: 'order-1' })), { record, created: false })
    const newer = next(record, { keys: ['m1', 'm2'], dueAt: start + 5 })
    assert.equal(await other.update(newer, 0), true)
    same([await one.get('n1'), await one.findByKey('twin', 'm2', 10)], [newer, [newer]])
    assert.equal(await one.nextDueAt(), start + 5)
    assert.equal(await one.update(next(record), 0), false)
    await one.parkReceipt(sampleReceipt(['a']), start, start + 100)
    same(await other.findParked('twin', ['a'], start), [sampleReceipt(['a'])])
    await other.dropParked(sampleReceipt(['a']))
    same(await one.findParked('twin', ['a'], start), [])
    assert.equal(await one.update(settled(newer, start + 20), 1), true)
    assert.equal(await other.prune(start + 30, start + 30, 10), 1)
    assert.equal(await one.get('n1'), undefined)
  }),

  'two processes: what one has closed over, the other finds': withOther(async (one, other) => {
    const record = sampleRecord('n1', { keys: ['m1'] })
    await one.insert(record)
    await one.parkReceipt(sampleReceipt(['a']), start, start + 100)
    await one.close?.()
    same([await other.get('n1'), await other.due(start + 120_000, 10)], [record, ['n1']])
    same(await other.findParked('twin', ['a'], start), [sampleReceipt(['a'])])
  }),

  'two processes: of updates of one version at the same time exactly one wins, round after round': withOther(
    async (one, other) => {
      let record = sampleRecord('n1')
      await one.insert(record)
      for (let round = 0; round < 20; round++) {
        const tries = Array.from({ length: 10 }, (_, index) => next(record, { metadata: { round, index } }))
        const won = await atOnce(10, (index) => (index % 2 ? one : other).update(tries[index] ?? assert.fail(), round))
        assert.equal(won.filter(Boolean).length, 1, `round ${round}: ${won.filter(Boolean).length} won`)
        record = tries[won.indexOf(true)] ?? assert.fail()
        same([await one.get('n1'), await other.get('n1')], [record, record])
      }
    },
  ),

  'two processes: writers that read, change and try again lose no change': withOther(async (one, other) => {
    await one.insert(sampleRecord('n1', { metadata: { count: 0 } }))
    await atOnce(6, (index) => countUp(index % 2 ? one : other, 'n1', 5))
    same([(await one.get('n1'))?.metadata, (await other.get('n1'))?.version], [{ count: 30 }, 30])
  }),

  'two processes: of inserts with one idempotency key one is stored, round after round': withOther(async (one, other) => {
    for (let round = 0; round < 10; round++) {
      const inserted = await atOnce(10, (index) =>
        (index % 2 ? one : other).insert(sampleRecord(`n${round}-${index}`, { idempotencyKey: `order-${round}` })),
      )
      assert.equal(inserted.filter(({ created }) => created).length, 1)
      assert.equal(new Set(inserted.map(({ record }) => record.id)).size, 1)
    }
  }),

  'two processes: the same receipt parked by both is kept once': withOther(async (one, other) => {
    await atOnce(20, (index) => (index % 2 ? one : other).parkReceipt(sampleReceipt(['a', 'b']), start, start + 100))
    same(await one.findParked('twin', ['a', 'b'], start), [sampleReceipt(['a', 'b'])])
  }),

  'two processes: 1,000 mixed operations leave what they would have left one by one': mixedAcross,
}
