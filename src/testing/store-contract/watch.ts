import assert from 'node:assert/strict'
import type { NotificationRecord } from '../../contract/record.ts'
import type { NotificationStore } from '../../contract/store.ts'
import { type Checks, withOther } from './opened.ts'
import { next, sampleRecord } from './samples.ts'

/** What a store that can be watched tells. `patience` is how long it may take, in milliseconds. */
export function watchChecks(patience: number): Checks {
  return {
    'watch: hears of what another process writes, as its id or as "any", until it is ended': withOther(async (one, other) => {
      if (one.watch === undefined) return
      const heard: (string | null)[] = []
      const ended: (string | null)[] = []
      const endFirst = await one.watch((id) => ended.push(id))
      const end = await one.watch((id) => heard.push(id))
      let record = sampleRecord('n1')
      await other.insert(record)
      record = await changeUntil(other, record, () => heard.length > 0 && ended.length > 0, patience)
      assert.ok(heard.length > 0, `nothing was heard in ${patience} ms`)
      assert.ok(ended.length > 0, `the second watcher alone heard in ${patience} ms`)
      assert.ok([...heard, ...ended].every((id) => id === null || id === 'n1'))
      await endFirst()
      const [before, heardBefore] = [ended.length, heard.length]
      await changeUntil(other, record, () => heard.length > heardBefore, patience)
      assert.ok(heard.length > heardBefore, `once another watcher had ended, nothing was heard in ${patience} ms`)
      assert.equal(ended.length, before, 'a watcher that was ended still hears')
      await end()
      await end()
    }),
  }
}

/** Writes now and then, since no single change need be heard of, until it was heard of or patience has run out. */
async function changeUntil(
  store: NotificationStore,
  record: NotificationRecord,
  isHeard: () => boolean,
  patience: number,
): Promise<NotificationRecord> {
  const end = performance.now() + patience
  for (let current = record; ; ) {
    const changed = next(current, { metadata: { changes: current.version } })
    assert.equal(await store.update(changed, current.version), true)
    current = changed
    for (let look = 0; look < 10 && !isHeard(); look++) await new Promise((resolve) => setTimeout(resolve, 10))
    if (isHeard() || performance.now() >= end) return current
  }
}
