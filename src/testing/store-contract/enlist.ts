import assert from 'node:assert/strict'
import type { Scheduler } from '../../contract/store.ts'
import type { WakeUp } from '../../contract/wake-up.ts'
import { atOnce, type Checks, failsTyped, same } from './opened.ts'
import { next, sampleRecord, settled, start } from './samples.ts'

/** What a store does for a scheduler that lives in its database. A store that takes none has nothing to show. */
export const enlistChecks: Checks = {
  'enlist: a scheduler that cannot write within a transaction is declined': async ({ store }) => {
    if (store.enlist === undefined) return
    const { wakeWithin: _, ...scheduler } = recording().scheduler
    assert.equal(store.enlist(scheduler), false)
    assert.equal((await store.insert(sampleRecord('n1'))).created, true)
  },

  'enlist: wake-ups are written with what was stored, with nothing else, and confirmed afterwards': async ({ store }) => {
    const { scheduler, written, confirmed } = recording()
    if (!store.enlist?.(scheduler)) return
    const record = sampleRecord('n1', { idempotencyKey: 'order-1', dueAt: start + 10 })
    await store.insert(record)
    await store.insert(sampleRecord('n2', { idempotencyKey: 'order-1', dueAt: start + 11 }))
    await failsTyped(() => store.insert(sampleRecord('n1', { dueAt: start + 12 })), 'duplicate-id')
    assert.equal(await store.update(next(record, { dueAt: start + 13 }), 5), false)
    const steps = record.steps.map((step, index) =>
      index === 0 ? { ...step, state: 'sending' as const, dueAt: start + 14 } : step,
    )
    const leased = { ...next(record), steps, dueAt: start + 14 }
    assert.equal(await store.update(leased, 0), true)
    assert.equal(await store.update(settled(leased, start + 15), 1), true)
    // Whether the ends of leases are told is the store's to decide.
    const told = (wakeUps: readonly WakeUp[]) => wakeUps.filter(({ lease }) => !lease)
    const expected: WakeUp[] = [{ id: 'n1', time: start + 10, lease: false }]
    same(told(written), expected)
    same(told(confirmed), expected)
    await atOnce(50, (index) => store.insert(sampleRecord(`many${index}`, { dueAt: start + index })))
    assert.equal(new Set(confirmed.map(({ id }) => id)).size, 51)
    assert.equal(told(written).length, 51)
  },

  'enlist: a record whose wake-up cannot be written is not stored': async ({ store }) => {
    const { scheduler, confirmed } = recording()
    let isDown = true
    const failing: Scheduler = {
      ...scheduler,
      async wakeWithin(...given) {
        if (isDown) throw new Error('the scheduler of the test is down')
        return scheduler.wakeWithin(...given)
      },
    }
    if (!store.enlist?.(failing)) return
    const record = sampleRecord('n1', { idempotencyKey: 'order-1' })
    await failsTyped(() => store.insert(record))
    assert.equal(await store.get('n1'), undefined)
    isDown = false
    assert.equal((await store.insert(record)).created, true)
    isDown = true
    await failsTyped(() => store.update(next(record, { dueAt: start }), 0))
    same(await store.get('n1'), record)
    assert.equal(confirmed.length, 1)
  },
}

/** A scheduler that remembers what it is to wake, and uses the transaction it is given. */
function recording() {
  const written: WakeUp[] = []
  const confirmed: WakeUp[] = []
  const scheduler = {
    wakeAt() {},
    start() {},
    stop() {},
    async wakeWithin(transaction, wakeUps) {
      await transaction.query('select 1')
      written.push(...wakeUps)
      return () => void confirmed.push(...wakeUps)
    },
  } satisfies Scheduler
  return { scheduler, written, confirmed }
}
