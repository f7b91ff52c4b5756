// What comes from outside and does not keep to its types: hooks, telemetry and receipts written in JavaScript.
import { memoryStore, type Receipt } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { expect, test } from 'vitest'
// Loaded here, so that the notifier need not wait for a file while the clock stands still.
import '../../src/notifier/intake.ts'
import '../../src/notifier/receipts.ts'
import { world } from '../support/world.ts'

const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'full' })
const untyped = <T>(value: unknown) => value as T

test('a beforeSend that gives null lets the step go on', async () => {
  const provider = sms()
  const w = world([provider], { beforeSend: untyped(async () => null) })
  await w.send(['sms'])
  await w.to(1)
  expect(provider.calls).toHaveLength(1)
})

test.each([
  ['gives nothing back', (_: unknown, make: () => unknown) => void make()],
  ['makes no call', () => undefined],
  ['makes two', (_: unknown, make: () => unknown) => [make(), make()]],
  [
    'throws',
    () => {
      throw new Error('telemetry is broken')
    },
  ],
])('telemetry that %s neither loses a call nor makes two', async (_, call) => {
  const provider = sms()
  const telemetry = { send: (take: (trace: undefined) => unknown) => take(undefined), call, hear: () => {} }
  const w = world([provider], { telemetry: untyped(telemetry) })
  const id = await w.send(['sms'])
  await w.to(1)
  expect(provider.calls).toHaveLength(1)
  expect(await w.states(id)).toEqual(['awaiting'])
})

test('a receipt that is none is refused, and takes no other with it', async () => {
  const w = world([sms()], { store: memoryStore() })
  const id = await w.send(['sms'])
  await w.to(1)
  const key = (await w.record(id)).steps[0]!.attempts[0]!.messageId!
  const receipts = [untyped<Receipt>({ provider: 'sms', keys: [7] }), untyped<Receipt>(null)]
  const good: Receipt = { provider: 'sms', keys: [key], status: 'delivered', at: 1000 }
  await expect(w.notifier.ingest([...receipts, good])).rejects.toThrow('ingest: receipt: keys is no array of texts')
  expect(await w.states(id)).toEqual(['succeeded'])
})

test("a vendor's words in a receipt are kept short, and without whom they were about", async () => {
  const w = world([sms()])
  const id = await w.send(['sms'])
  await w.to(1)
  const key = (await w.record(id)).steps[0]!.attempts[0]!.messageId!
  const reason = `550 5.1.1 <ada@example.org>: no such user, nor +420777123456 ${'!'.repeat(300)}`
  await w.notifier.ingest([{ provider: 'sms', keys: [key], status: 'failed', at: 1000, raw: 'bounce ada@example.org', reason }])
  const entry = (await w.record(id)).timeline.find(({ type }) => type === 'attempt.receipt')
  expect(entry).toMatchObject({ raw: 'bounce [address]' })
  const told = (entry as { readonly reason: string }).reason
  expect(told).toMatch(/^550 5\.1\.1 <\[address\]>: no such user, nor \[number\] !+…$/)
  expect(told.length).toBeLessThan(201)
})

test('a price that fails later is told, and is no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  const provider = sms()
  const w = world([provider], { prices: { sms: untyped(async () => Promise.reject(new Error('no price today'))) } })
  await w.send(['sms'])
  await w.to(1)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(provider.calls).toHaveLength(1)
  expect(unhandled).toEqual([])
  expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([{ error: { code: 'invalid-price' } }])
})
