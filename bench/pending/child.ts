// Fills the memory store, then measures what one notification more costs.
import { type ChannelProvider, createNotifier, type Receipt } from 'omnicascade'
import { answer, taskOfChild } from '../kit/child.ts'
import { median } from '../kit/figures.ts'

/** What one process is to do. */
export interface Task {
  /** How many are pending. */
  readonly count: number
  /** How many are measured, of each kind. */
  readonly works: number
}

export const works = ['send', 'receipt', 'due'] as const

/** Microseconds for each. */
export type Costs = Readonly<Record<(typeof works)[number], number>>

const batch = 200
const hour = 60 * 60_000

async function measure({ count, works: measured }: Task): Promise<Costs> {
  const start = Date.now()
  let now = start
  const clock = {
    now: () => now,
    setTimer(delay: number, run: () => void) {
      const timer = setTimeout(run, delay)
      return () => clearTimeout(timer)
    },
  }
  let messages = 0
  const provider: ChannelProvider<'sms'> = {
    name: 'vendor',
    channels: ['sms'],
    receipts: 'full',
    send: async () => ({ messageId: String(messages++) }),
  }
  const notifier = createNotifier({ providers: [provider], scheduler: 'manual', clock, defaults: { within: '30d' } })
  const request = {
    to: { phone: '+420777123456' },
    content: { sms: { text: 'Your order is on its way' } },
    cascade: ['sms'],
  } as const
  const send = () => notifier.send(request)
  const later = (index: number) => notifier.send({ ...request, sendAt: start + hour + index })

  // The compiler has seen all of it before the store is full.
  await each(measured, later)
  await each(measured, send)
  for (let index = 0; index < measured; index++) await notifier.ingest([receiptOf(index, start)])
  now = start + hour + measured
  await notifier.tick()
  await notifier.idle()
  const first = messages
  await each(count, send)
  await notifier.idle()

  // A prime apart, so that they lie everywhere among the others.
  const hear = (index: number) => notifier.ingest([receiptOf(first + ((index * 7919) % count), start)])
  const sent = await timed(measured, send, notifier.idle)
  const heard = await timed(Math.min(measured, count), hear, notifier.idle)
  const due: number[] = []
  for (let done = 0; done < measured; done += batch) {
    for (let index = 0; index < batch; index++) await notifier.send({ ...request, sendAt: now + 1 + index })
    now += batch
    const began = performance.now()
    await notifier.tick()
    await notifier.idle()
    due.push(((performance.now() - began) * 1000) / batch)
  }
  return { send: sent, receipt: heard, due: median(due) }
}

async function each(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < count; index++) await run(index)
}

/** The median of batches: a collection of all the memory, which comes now and then, is no cost of the store's. */
async function timed(count: number, run: (index: number) => Promise<unknown>, idle: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let done = 0; done < count; done += batch) {
    const began = performance.now()
    for (let index = done; index < done + batch; index++) await run(index)
    await idle()
    times.push(((performance.now() - began) * 1000) / batch)
  }
  return median(times)
}

function receiptOf(message: number, at: number): Receipt {
  const messageId = String(message)
  return { provider: 'vendor', keys: [messageId], messageId, status: 'delivered', at }
}

const task = taskOfChild<Task>()
if (task !== undefined) answer(await measure(task))
