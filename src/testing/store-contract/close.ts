import { type Checks, isTyped, outcomes, same } from './opened.ts'
import { sampleReceipt, sampleRecord, start } from './samples.ts'

/** How a store ends. */
export const closeChecks: Checks = {
  'close: calls that come later are answered, or fail with a typed error, and never hang': async ({ store }) => {
    const record = sampleRecord('n1')
    await store.insert(record)
    await store.close?.()
    await store.close?.()
    const done = await outcomes<unknown>([
      () => store.get('n1'),
      () => store.insert(sampleRecord('n2')),
      () => store.update({ ...record, version: 1 }, 0),
      () => store.findByKey('twin', 'm1', 10),
      () => store.parkReceipt(sampleReceipt(['a']), start, start + 100),
      () => store.findParked('twin', ['a'], start),
      () => store.dropParked(sampleReceipt(['a'])),
      () => store.due(start, 10),
      () => store.nextDueAt(),
      () => store.prune(start, start, 10),
    ])
    for (const outcome of done) if (outcome.status === 'rejected') isTyped(outcome.reason)
  },

  'close: what was under way is stored, or fails with a typed error; nothing is told to be stored and is not': async ({
    store,
    reopen,
  }) => {
    const writes = outcomes(Array.from({ length: 50 }, (_, index) => () => store.insert(sampleRecord(`n${index}`))))
    await store.close?.()
    const done = await writes
    const after = store.close === undefined ? store : await reopen?.()
    try {
      for (const [index, outcome] of done.entries())
        if (outcome.status === 'rejected') isTyped(outcome.reason)
        else if (after !== undefined) same(await after.get(`n${index}`), sampleRecord(`n${index}`))
    } finally {
      if (after !== store) await after?.close?.()
    }
  },
}
