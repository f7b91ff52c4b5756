import { deepEqual } from 'node:assert/strict'
import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationRecord } from '../../contract/record.ts'
import { createNotifier } from '../../notifier/create-notifier.ts'
import { accept, scriptedProvider } from '../scripted-provider.ts'
import { virtualClock } from '../virtual-clock.ts'

/** Fails unless the receipts of each message leave the same behind in whatever order they come, and however often. */
export async function anyOrder(provider: string, receipts: readonly Receipt[]): Promise<void> {
  const byMessage = new Map<string, Receipt[]>()
  for (const receipt of receipts) {
    const key = receipt.messageId ?? receipt.keys[0] ?? ''
    byMessage.set(key, [...(byMessage.get(key) ?? []), receipt])
  }
  for (const all of byMessage.values()) {
    const expected = await leftBehind(provider, all)
    for (const order of [all.toReversed(), [...all, ...all], [...all.toReversed(), ...all]])
      deepEqual(await leftBehind(provider, order), expected)
  }
}

async function leftBehind(name: string, receipts: readonly Receipt[]): Promise<object> {
  const { messageId, keys = [], near, at = 0 } = receipts[0] ?? {}
  const clock = virtualClock(near?.at ?? at)
  const result = { ...(messageId !== undefined && { messageId }), keys: messageId === undefined ? keys : [] }
  const sms = scriptedProvider({ name, channels: ['sms'], receipts: 'full', replies: [accept(result)] })
  const notifier = createNotifier({ providers: [sms], clock, scheduler: 'manual' })
  const { id } = await notifier.send({ to: { phone: '+420777123456' }, cascade: ['sms'], content: { sms: { text: 'Hi' } } })
  await notifier.idle()
  for (const receipt of receipts) await notifier.ingest([receipt])
  const record = (await notifier.get(id))!
  await notifier.close()
  return summary(record)
}

function summary({ outcome, steps }: NotificationRecord): object {
  return {
    status: outcome?.status,
    steps: steps.map(({ state, attempts }) => ({ state, attempts: attempts.map(({ status }) => status) })),
  }
}
