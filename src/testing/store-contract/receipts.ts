import assert from 'node:assert/strict'
import type { Receipt } from '../../contract/receipt.ts'
import { atOnce, type Checks, same } from './opened.ts'
import { brokenTexts, oddTexts, sampleReceipt, start } from './samples.ts'

const later = start + 900_000

/** Receipts that came before their keys were known. */
export const receiptChecks: Checks = {
  'parked receipts: are found as they were, by any of their keys, each once, the oldest first': async ({ store }) => {
    const one = sampleReceipt(['b'], { raw: brokenTexts.join(''), reason: 'é', link: 'https://example.org/?t=1' })
    const two = sampleReceipt(['a', 'b'], { messageId: 'm2', match: 'newest', near: { at: start, tolerance: 5000 } })
    const three = sampleReceipt(['c'], { status: 'failed' })
    await store.parkReceipt(one, start, later)
    await store.parkReceipt(two, start + 1, later + 1)
    await store.parkReceipt(three, start + 2, later + 2)
    same(await store.findParked('twin', ['b', 'a'], start + 3), [one, two])
    same(await store.findParked('twin', ['a'], start + 3), [two])
    same(await store.findParked('twin', ['b'], start + 3), [one, two])
    same(await store.findParked('twin', ['c', 'z', 'c'], start + 3), [three])
    same(await store.findParked('twin', [], start + 3), [])
    same(await store.findParked('viber', ['a', 'b', 'c'], start + 3), [])
  },

  'parked receipts: the same one parked twice is kept once': async ({ store }) => {
    const receipt = sampleReceipt(['a', 'b'])
    await store.parkReceipt(receipt, start, later)
    await store.parkReceipt(structuredClone(receipt), start + 1, later + 1)
    await atOnce(20, () => store.parkReceipt(receipt, start + 2, later + 2))
    same(await store.findParked('twin', ['a', 'b'], start + 3), [receipt])
    await store.dropParked(receipt)
    same(await store.findParked('twin', ['a', 'b'], start + 3), [])
  },

  'parked receipts: those that differ in anything are others': async ({ store }) => {
    const differences: Partial<Receipt>[] = [
      {},
      { status: 'read' },
      { at: start + 1 },
      { raw: 'DELIVRD' },
      { raw: 'delivrd' },
      { reason: '5' },
      { link: 'https://example.org/' },
      { messageId: 'm1' },
      { match: 'only' },
      { match: 'newest' },
      { near: { at: start, tolerance: 1 } },
      { keys: ['a', 'b'] },
      { keys: ['b', 'a'] },
      { provider: 'viber' },
    ]
    const receipts = differences.map((more) => sampleReceipt(['a'], more))
    await atOnce(receipts.length, (index) => store.parkReceipt(receipts[index] ?? assert.fail(), start, later))
    assert.equal((await store.findParked('twin', ['a'], start)).length, receipts.length - 1)
    await store.dropParked(sampleReceipt(['a'], { raw: 'DELIVRD' }))
    const rest = await store.findParked('twin', ['a'], start)
    assert.equal(rest.length, receipts.length - 2)
    assert.ok(rest.every(({ raw }) => raw !== 'DELIVRD'))
    assert.equal((await store.findParked('viber', ['a'], start)).length, 1)
  },

  'parked receipts: one that names a key twice is kept and found once': async ({ store }) => {
    const receipt = sampleReceipt(['a', 'a'])
    await store.parkReceipt(receipt, start, later)
    same(await store.findParked('twin', ['a', 'a'], start), [receipt])
  },

  'parked receipts: keys are told apart exactly': async ({ store }) => {
    const keys = [...oddTexts, ...brokenTexts]
    await atOnce(keys.length, (index) => store.parkReceipt(sampleReceipt([keys[index] ?? '']), start, later))
    for (const key of keys)
      same(await store.findParked('twin', [key], start), [sampleReceipt([key])], `the key ${JSON.stringify(key)}`)
    assert.equal((await store.findParked('twin', keys, start)).length, keys.length)
  },

  'parked receipts: are dropped one by one, with all their keys, as they were given or as they were found': async ({ store }) => {
    const given = sampleReceipt(['a', 'b'])
    const other = sampleReceipt(['b'], { status: 'read', reason: brokenTexts.join('') })
    await store.parkReceipt(given, start, later)
    await store.parkReceipt(other, start + 1, later + 1)
    await store.dropParked(given)
    await store.dropParked(given)
    await store.dropParked(sampleReceipt(['b']))
    same(await store.findParked('twin', ['a', 'b'], start + 1), [other])
    for (const found of await store.findParked('twin', ['b'], start + 1)) await store.dropParked(found)
    same(await store.findParked('twin', ['a', 'b'], start + 1), [])
  },

  'parked receipts: end with their time, and may then be parked anew': async ({ store }) => {
    const first = sampleReceipt(['a'])
    const second = sampleReceipt(['a'], { status: 'read' })
    await store.parkReceipt(first, start, start + 100)
    await store.parkReceipt(second, start + 50, start + 150)
    same(await store.findParked('twin', ['a'], start + 99), [first, second])
    same(await store.findParked('twin', ['a'], start + 100), [second])
    await store.parkReceipt(first, start + 120, start + 220)
    same(await store.findParked('twin', ['a'], start + 140), [second, first])
    same(await store.findParked('twin', ['a'], start + 150), [first])
    same(await store.findParked('twin', ['a'], start + 220), [])
  },

  'parked receipts: a hundred under one key are all found': async ({ store }) => {
    await atOnce(100, (index) =>
      store.parkReceipt(sampleReceipt(['a', `a${index}`], { at: index }), start + index, later + index),
    )
    const found = await store.findParked('twin', ['a'], start + 100)
    same(
      found.map(({ at }) => at),
      Array.from({ length: 100 }, (_, index) => index),
    )
  },
}
