import assert from 'node:assert/strict'
import type { NotificationRecord } from '../../contract/record.ts'
import { atOnce, type Checks, same } from './opened.ts'
import { brokenTexts, next, oddTexts, sampleAttempt, sampleRecord, settled, start } from './samples.ts'

const idsOf = (records: readonly NotificationRecord[]) => records.map(({ id }) => id)

/** Correlation keys: how receipts find their records. */
export const keyChecks: Checks = {
  'keys: records are found by provider and key, the newest first, at most as many as asked for': async ({ store }) => {
    for (const [index, id] of ['n3', 'n1', 'n2'].entries())
      await store.insert(sampleRecord(id, { keys: ['user-7'], createdAt: start + index }))
    await store.insert(sampleRecord('n4', { keys: ['user-8'] }))
    same(idsOf(await store.findByKey('twin', 'user-7', 10)), ['n2', 'n1', 'n3'])
    same(idsOf(await store.findByKey('twin', 'user-7', 2)), ['n2', 'n1'])
    same(idsOf(await store.findByKey('viber', 'user-7', 10)), [])
    same(idsOf(await store.findByKey('twin', 'user-', 10)), [])
  },

  'keys: are told apart exactly, and so are providers': async ({ store }) => {
    const keys = [...oddTexts, ...brokenTexts]
    const providers = ['twin', 'Twin', 'twin-2']
    await atOnce(keys.length, (index) =>
      atOnce(providers.length, (at) =>
        store.insert(sampleRecord(`${at}-${index}`, { keys: [keys[index] ?? ''], provider: providers[at] ?? '' })),
      ),
    )
    for (const [index, key] of keys.entries())
      for (const [at, provider] of providers.entries())
        same(idsOf(await store.findByKey(provider, key, 10)), [`${at}-${index}`], `the key ${JSON.stringify(key)}`)
    same(await store.findByKey('twin', 'z\u0000', 10), [])
  },

  'keys: what is found is the record as it is now': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1'] })
    await store.insert(record)
    const newer = next(record, { metadata: { newer: true } })
    await store.update(newer, 0)
    same(await store.findByKey('twin', 'm1', 10), [newer])
  },

  'keys: one that an update adds is found from then on, and one that was there stays': async ({ store }) => {
    const first = sampleRecord('n1', { keys: ['a'] })
    await store.insert(first)
    const second = next(first, { keys: ['a', 'b'] })
    const third = next(second, { keys: ['a', 'b', 'c'] })
    assert.equal(await store.update(second, 0), true)
    assert.equal(await store.update(third, 1), true)
    for (const key of ['a', 'b', 'c']) same(await store.findByKey('twin', key, 10), [third])
  },

  'keys: are kept once the record has settled, for receipts that come late': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1'] })
    await store.insert(record)
    const done = settled(record, start + 5)
    await store.update(done, 0)
    same(await store.findByKey('twin', 'm1', 10), [done])
  },

  'keys: those of every attempt of every step count, each under its own provider': async ({ store }) => {
    const attempts = [
      sampleAttempt('n1', { keys: ['m1', 'both'] }),
      sampleAttempt('n1', { keys: ['m2', 'both'] }),
      sampleAttempt('n1', { keys: ['m3'], provider: 'smtp' }),
    ]
    const record = sampleRecord('n1', { attempts })
    const [first, second] = record.steps
    assert.ok(first && second)
    const full = { ...record, steps: [first, { ...second, attempts: [sampleAttempt('n1', { keys: ['m4'], provider: 'smtp' })] }] }
    await store.insert(full)
    for (const [provider, key] of [
      ['twin', 'm1'],
      ['twin', 'm2'],
      ['twin', 'both'],
      ['smtp', 'm3'],
      ['smtp', 'm4'],
    ] as const)
      same(await store.findByKey(provider, key, 10), [full])
    same(await store.findByKey('smtp', 'm1', 10), [])
    same(await store.findByKey('twin', 'm4', 10), [])
  },

  'keys: a record that names a key twice is found once': async ({ store }) => {
    const record = sampleRecord('n1', { keys: ['m1', 'm1'] })
    await store.insert(record)
    same(await store.findByKey('twin', 'm1', 10), [record])
    const newer = next(record, { keys: ['m1', 'm2', 'm2'] })
    assert.equal(await store.update(newer, 0), true)
    same(await store.findByKey('twin', 'm2', 10), [newer])
  },

  'keys: as many records are found as asked for, however many of their attempts carry the key': async ({ store }) => {
    for (const [index, id] of ['n1', 'n2', 'n3'].entries()) {
      const attempts = [0, 1, 2].map((attempt) => sampleAttempt(id, { keys: ['user-7'], idempotencyKey: `${id}.0.${attempt}` }))
      await store.insert(sampleRecord(id, { attempts, createdAt: start + index }))
    }
    same(idsOf(await store.findByKey('twin', 'user-7', 2)), ['n3', 'n2'])
    same(idsOf(await store.findByKey('twin', 'user-7', 10)), ['n3', 'n2', 'n1'])
  },

  'keys: the newest is what was stored last, whenever it has come by the key; of none that are asked for, none come': async ({
    store,
  }) => {
    const records = ['n1', 'n2', 'n3'].map((id) => sampleRecord(id))
    for (const record of records) await store.insert(record)
    for (const record of [records[2], records[0], records[1]])
      if (record) assert.equal(await store.update(next(record, { keys: ['user-7'] }), 0), true)
    same(idsOf(await store.findByKey('twin', 'user-7', 10)), ['n3', 'n2', 'n1'])
    same(idsOf(await store.findByKey('twin', 'user-7', 1)), ['n3'])
    same(await store.findByKey('twin', 'user-7', 0), [])
  },
}
