import assert from 'node:assert/strict'
import type { NotificationStore } from '../../contract/store.ts'
import { atOnce, type Checks, failsTyped, isTyped, outcomes, same } from './opened.ts'
import { brokenTexts, next, oddTexts, sampleRecord, settled, start } from './samples.ts'

/** Records: what is stored is found, once, and changed only by who knows its version. */
export const recordChecks: Checks = {
  'records: what is inserted comes back as it was': async ({ store }) => {
    const trace = { traceparent: `00-${'0af7'.repeat(8)}-${'b7ad'.repeat(4)}-01`, tracestate: 'vendor=1,other=2' }
    const record = sampleRecord('n1', { keys: ['m1'], version: 3, trace })
    same(await store.insert(record), { record, created: true })
    same(await store.get('n1'), record)
    assert.equal(await store.get('n2'), undefined)
  },

  'records: odd texts survive character by character': async ({ store }) => {
    const texts = [...oddTexts, ...brokenTexts, 'line\u2028\u2029', '\ufeffmark', '\u202eright to left', 'lorem '.repeat(10_000)]
    const variables = JSON.parse(JSON.stringify(Object.fromEntries(texts.map((text) => [text, [text]]))))
    variables.deep = JSON.parse('{"__proto__":{"admin":true},"":[{},[],null]}')
    const record = sampleRecord('n1', { message: { template: { id: 'a', version: '' }, variables }, metadata: variables })
    await store.insert(record)
    same(await store.get('n1'), record)
    const changed = next(record, { message: { content: { sms: { text: brokenTexts.join('') } } }, metadata: null })
    assert.equal(await store.update(changed, 0), true)
    same(await store.get('n1'), changed)
  },

  'records: numbers survive digit by digit': async ({ store }) => {
    const numbers = [0, -0, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    const record = sampleRecord('n1', { metadata: { numbers }, createdAt: Number.MAX_SAFE_INTEGER })
    await store.insert(record)
    same(await store.get('n1'), record)
  },

  'records: an update replaces the whole record': async ({ store }) => {
    const { fingerprint: _, ...rest } = sampleRecord('n1', { metadata: { kept: 1, dropped: 2 } })
    await store.insert(sampleRecord('n1', { metadata: { kept: 1, dropped: 2 }, fingerprint: { to: 'x' } }))
    const changed = next({ ...rest, fingerprint: null }, { metadata: { kept: 3 }, timeline: [] })
    assert.equal(await store.update(changed, 0), true)
    same(await store.get('n1'), changed)
  },

  'records: ids are told apart exactly': async ({ store }) => {
    const ids = [...oddTexts, ...brokenTexts, 'i'.repeat(255)]
    await atOnce(ids.length, (index) => store.insert(sampleRecord(ids[index] ?? '', { metadata: { index } })))
    for (const [index, id] of ids.entries()) {
      const record = await store.get(id)
      same([record?.id, record?.metadata], [id, { index }])
      assert.equal(await store.update(next(sampleRecord(id), { dueAt: start + index }), 0), true)
    }
    same(await store.due(start + ids.length, 1000), ids)
  },

  'records: an id that is taken is refused, and neither what has it nor the idempotency key is touched': async ({ store }) => {
    const first = sampleRecord('n1', { idempotencyKey: 'one' })
    await store.insert(first)
    const again = sampleRecord('n1', { idempotencyKey: 'two', keys: ['m2'], dueAt: 7 })
    await failsTyped(() => store.insert(again), 'duplicate-id')
    same(await store.get('n1'), first)
    same(await store.findByKey('twin', 'm2', 10), [])
    assert.equal(await store.nextDueAt(), first.dueAt)
    assert.equal((await store.insert(sampleRecord('n2', { idempotencyKey: 'two' }))).created, true)
  },

  'records: an id that is taken fails alone among inserts at the same time': async ({ store }) => {
    await store.insert(sampleRecord('n7'))
    const done = await outcomes(Array.from({ length: 20 }, (_, index) => () => store.insert(sampleRecord(`n${index}`))))
    assert.deepEqual(
      done.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : [])),
      [7],
    )
    for (let index = 0; index < 20; index++) assert.equal((await store.get(`n${index}`))?.id, `n${index}`)
  },

  'records: of 20 inserts of one id at the same time one is stored, and the others are refused': async ({ store }) => {
    const inserts = Array.from({ length: 20 }, (_, index) => () => store.insert(sampleRecord('n1', { metadata: { index } })))
    const done = await outcomes(inserts)
    const won = done.flatMap((outcome, index) => (outcome.status === 'fulfilled' && outcome.value.created ? [index] : []))
    assert.equal(won.length, 1, `${won.length} were stored`)
    for (const outcome of done)
      if (outcome.status === 'rejected') isTyped(outcome.reason)
      else assert.equal(outcome.value.created, true, 'without an idempotency key nothing is known again')
    same((await store.get('n1'))?.metadata, { index: won[0] })
  },

  'idempotency keys: one that is taken stores nothing and gives the record that has it, as it is now': async ({ store }) => {
    const first = sampleRecord('n1', { idempotencyKey: 'order-1' })
    await store.insert(first)
    const newer = settled(first, start + 5)
    assert.equal(await store.update(newer, 0), true)
    const second = sampleRecord('n2', { idempotencyKey: 'order-1', keys: ['m2'], dueAt: 7 })
    same(await store.insert(second), { record: newer, created: false })
    assert.equal(await store.get('n2'), undefined)
    same(await store.findByKey('twin', 'm2', 10), [])
    assert.equal(await store.nextDueAt(), null)
  },

  'idempotency keys: the same insert once more gives what it stored, though its id is taken too': async ({ store }) => {
    const record = sampleRecord('n1', { idempotencyKey: 'order-1' })
    await store.insert(record)
    same(await store.insert(record), { record, created: false })
    const other = sampleRecord('n2', { idempotencyKey: 'order-2' })
    const inserted = await atOnce(20, () => store.insert(other))
    assert.equal(inserted.filter(({ created }) => created).length, 1)
    for (const { record: found } of inserted) same(found, other)
  },

  'idempotency keys: of 50 inserts at the same time one is stored, and all give it': async ({ store }) => {
    const inserted = await atOnce(50, (index) =>
      store.insert(sampleRecord(`n${index}`, { idempotencyKey: 'order-1', keys: [`m${index}`] })),
    )
    const [winner, ...others] = inserted.filter(({ created }) => created)
    assert.equal(others.length, 0, 'more than one was stored')
    assert.ok(winner, 'none was stored')
    for (const { record } of inserted) same(record, winner.record)
    for (let index = 0; index < 50; index++) {
      const isWinner: boolean = winner.record.id === `n${index}`
      assert.equal((await store.get(`n${index}`)) !== undefined, isWinner)
      assert.equal((await store.findByKey('twin', `m${index}`, 10)).length, isWinner ? 1 : 0)
    }
  },

  'idempotency keys: are told apart exactly': async ({ store }) => {
    const keys = [...oddTexts, ...brokenTexts]
    const insert = (idempotencyKey: string, index: number, round: string) =>
      store.insert(sampleRecord(`${round}${index}`, { idempotencyKey }))
    for (const [index, key] of keys.entries()) assert.equal((await insert(key, index, 'n')).created, true)
    for (const [index, key] of keys.entries()) same((await insert(key, index, 'again')).record.id, `n${index}`)
  },

  'compare and swap: an update is written over the version it was made from, and over no other': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1'] })
    await store.insert(record)
    const won = next(record, { dueAt: start + 10 })
    assert.equal(await store.update(won, 0), true)
    assert.equal(await store.update(next(record, { dueAt: start + 5, keys: ['lost'] }), 0), false)
    assert.equal(await store.update({ ...record, version: 9 }, 8), false)
    same(await store.get('n1'), won)
    assert.equal(await store.nextDueAt(), start + 10)
    same(await store.findByKey('twin', 'lost', 10), [])
  },

  'compare and swap: no update makes a record that there is not': async ({ store }) => {
    assert.equal(await store.update(sampleRecord('n1', { keys: ['m1'], version: 1 }), 0), false)
    assert.equal(await store.get('n1'), undefined)
    assert.equal(await store.nextDueAt(), null)
    same(await store.findByKey('twin', 'm1', 10), [])
  },

  'compare and swap: of 50 updates of one version at the same time exactly one wins': async ({ store }) => {
    const record = sampleRecord('n1')
    await store.insert(record)
    const won = await atOnce(50, (index) => store.update(next(record, { metadata: { index } }), 0))
    assert.equal(won.filter(Boolean).length, 1)
    same((await store.get('n1'))?.metadata, { index: won.indexOf(true) })
  },

  'compare and swap: updates of other versions at the same time do not keep the right one from winning': async ({ store }) => {
    const record = sampleRecord('n1', { version: 3 })
    await store.insert(record)
    for (let version = 3; version < 13; version++) {
      // Some that were overtaken, some that nothing leads to, and in their midst the one that fits.
      const expected = [version + 50, version - 1, version + 99, version, version - 2, version + 70, version - 3]
      const won = await atOnce(expected.length, (index) => {
        const from = expected[index] ?? assert.fail()
        return store.update({ ...record, version: from + 1, metadata: { version } }, from)
      })
      assert.deepEqual(won, [false, false, false, true, false, false, false])
      const stored = await store.get('n1')
      same([stored?.version, stored?.metadata], [version + 1, { version }])
    }
  },

  'compare and swap: writers that read, change and try again lose no change': async ({ store }) => {
    await store.insert(sampleRecord('n1', { metadata: { count: 0 } }))
    await atOnce(10, () => countUp(store, 'n1', 5))
    const record = await store.get('n1')
    same([record?.metadata, record?.version], [{ count: 50 }, 50])
  },

  'compare and swap: updates of different records do not disturb each other': async ({ store }) => {
    const records = await atOnce(100, async (index) => (await store.insert(sampleRecord(`n${index}`))).record)
    const won = await atOnce(100, (index) => store.update(next(records[index] ?? assert.fail(), { dueAt: start + index }), 0))
    assert.ok(won.every(Boolean))
    const dues = await store.due(start + 100, 1000)
    same(
      dues,
      records.map(({ id }) => id),
    )
  },

  'records: what was given or taken is never changed in place': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1'], idempotencyKey: 'order-1' })
    await store.insert(record)
    const found = [await store.get('n1'), (await store.findByKey('twin', 'm1', 1))[0]]
    const before = JSON.stringify(found)
    await store.update(settled(record, start + 5), 0)
    await store.prune(start + 10, start + 10, 10)
    assert.equal(JSON.stringify(found), before)
  },
}

/** Raises a record's count, reading it anew whenever another writer came first. */
export async function countUp(store: NotificationStore, id: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const record = await store.get(id)
    assert.ok(record)
    const count = Number(record.metadata?.count) + 1
    if (await store.update(next(record, { metadata: { count } }), record.version)) done++
  }
}
