// A process of its own on the store's file: `node child.ts <role> <path> [argument]`. Says what it has seen as lines of JSON.
import { writeSync } from 'node:fs'
import type { NotificationStore } from 'omnicascade'
import { sqlite } from 'omnicascade/stores/sqlite'
import { next, sampleRecord } from '../../../src/testing/store-contract/samples.ts'

const [, , role = '', path = '', argument = ''] = process.argv

// At once: what is told must have been told when the process is killed.
const tell = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)

const roles: Readonly<Record<string, () => Promise<void>>> = { race, write, fill, open }
await roles[role]?.()

/** Raises one record's version as often as it can until it has done so 100 times, and claims the same idempotency keys as all others. */
async function race(): Promise<void> {
  const store = sqlite(path)
  const name = `p${argument}`
  let won = 0
  while (won < 100) {
    const record = await store.get('counter')
    if (record !== undefined && (await store.update(next(record), record.version))) won++
  }
  const claims = await Promise.all(
    Array.from({ length: 100 }, (_, i) => store.insert(sampleRecord(`${name}-${i}`, { idempotencyKey: `order-${i}` }))),
  )
  tell(claims.filter(({ created }) => created).map(({ record }) => record.id))
  await store.close?.()
}

/** Stores records, sixteen at a time, and tells of each once it is stored, until it is killed. */
async function write(): Promise<void> {
  const store = sqlite(path)
  await Promise.all(
    Array.from({ length: 16 }, async (_, lane) => {
      for (let i = 0; ; i++) tell((await stored(store, `${argument}-${lane}-${i}`)).id)
    }),
  )
}

/** Stores records, eight at a time, until that fails; tells what was stored, what was not, and why. */
async function fill(): Promise<void> {
  const store = sqlite(path)
  for (let i = 0; ; i++) {
    const ids = Array.from({ length: 8 }, (_, lane) => `n${i}-${lane}`)
    const results = await Promise.allSettled(ids.map((id) => stored(store, id)))
    for (const [index, result] of results.entries())
      tell(result.status === 'fulfilled' ? { stored: ids[index] } : { failed: ids[index], ...faultOf(result.reason) })
    if (results.some(({ status }) => status === 'rejected')) break
  }
}

/** Opens the store as a user who may only read. */
async function open(): Promise<void> {
  if (process.getuid?.() === 0) {
    process.setgid?.(65_534)
    process.setuid?.(65_534)
  }
  try {
    sqlite(path)
    tell({ fault: null })
  } catch (error) {
    tell(faultOf(error))
  }
}

async function stored(store: NotificationStore, id: string) {
  const { record } = await store.insert(sampleRecord(id, { message: { content: { sms: { text: 'x'.repeat(2000) } } } }))
  return record
}

function faultOf(error: unknown) {
  const { fault, engineCode } = error as { readonly fault?: string; readonly engineCode?: string }
  return { fault, engineCode }
}
