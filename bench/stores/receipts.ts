import type { Notifier } from 'omnicascade'
import type { Sample } from '../kit/figures.ts'
import { drop, open, type Place, prepare } from './engines.ts'
import { noop, notifierOn, request } from './notifications.ts'
import type { Run } from './run.ts'

const names = { sqlite: 'SQLite, FULL', postgres: 'Postgres', redis: 'Redis' } as const
// As many webhooks are being answered at a time.
const inHand = 64

/** How many receipts a second find their attempt and are stored, as `delivered`, one to a webhook. */
export async function receipts({ place, wants, size, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let round = 0; round < size.rounds; round++) {
    for (const engine of ['sqlite', 'postgres', 'redis'] as const) {
      if (!wants(engine)) continue
      const value = await rateOn(place(engine), Math.ceil(size.backlog / 4))
      const what = `${names[engine]}, ${inHand} in hand`
      samples.push({ section: 'receipts', id: `receipts ${engine}`, what, unit: '/s', value })
    }
  }
  note('receipts')
  return samples
}

async function rateOn(place: Place, count: number): Promise<number> {
  await prepare(place)
  const opened = await open(place)
  const notifier = notifierOn(opened, noop('full'))
  try {
    const messageIds: string[] = []
    notifier.on('attempt.accepted', ({ messageId }) => messageIds.push(messageId ?? ''))
    const all = Array.from({ length: count }, () => request())
    for await (const { error } of notifier.sendMany(all, { concurrency: 256 })) if (error !== undefined) throw error
    await notifier.idle()
    return await ingest(notifier, messageIds)
  } finally {
    await notifier.close()
    await opened.close()
    await drop(place)
  }
}

async function ingest(notifier: Notifier<'sms'>, messageIds: readonly string[]): Promise<number> {
  const began = performance.now()
  let next = 0
  const lane = async () => {
    for (let index = next++; index < messageIds.length; index = next++) {
      const messageId = messageIds[index] ?? ''
      const receipt = { provider: 'noop', keys: [messageId], messageId, status: 'delivered', at: Date.now() } as const
      const { applied } = await notifier.ingest([receipt])
      if (applied !== 1) throw new Error('a receipt did not find its attempt')
    }
  }
  await Promise.all(Array.from({ length: inHand }, lane))
  return (messageIds.length / (performance.now() - began)) * 1000
}
