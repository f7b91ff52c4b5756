import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { defineTemplate, type NotificationRecord, type Notifier } from 'omnicascade'
import { costOf } from 'omnicascade/cost'
import { z } from 'zod'
import { csvLine } from './csv.ts'
import { type Customer, readCustomers } from './customers.ts'

/** What everybody is told. */
export const sale = defineTemplate({
  id: 'sale',
  variables: z.object({ name: z.string() }),
  content: {
    sms: ({ name }) => `${name}, the sale ends on Sunday: https://shop.example/sale`,
    email: ({ name }) => ({ subject: 'The sale ends on Sunday', text: `Dear ${name},\n\nsee https://shop.example/sale` }),
  },
})

/** What a run works with. */
export interface Bulk {
  readonly notifier: Notifier<'sms' | 'email'>
  readonly file: string
  /** Tells one bulk from another in the same store. */
  readonly campaign: string
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

/** What became of each row's request: the id of its notification, or why it was refused. */
export type Taken = ReadonlyMap<number, string | Error>

/**
 * Sends to each row of the file. A row that an earlier run has sent is recognized by its idempotency key, and gives the same notification: so to
 * go on is to begin again. Rejects with the signal's reason once what was taken is finished.
 */
export async function sendAll({ notifier, file, campaign, signal, onProgress }: Bulk): Promise<Taken> {
  const taken = new Map<number, string | Error>()
  for await (const { index, id, error } of notifier.sendMany(requests(file, campaign), { signal })) {
    taken.set(index + 1, id ?? error)
    onProgress(taken.size)
  }
  return taken
}

async function* requests(file: string, campaign: string) {
  for await (const { row: _row, id, name, ...to } of readCustomers(file)) {
    yield {
      to,
      template: sale,
      variables: { name },
      // If nobody saw a call's result, as its process was killed, the person may have the message: better none than two.
      cascade: [
        { channel: 'sms', through: 'twin', onUnknown: 'assume-sent' },
        { channel: 'email', through: 'smtp', onUnknown: 'assume-sent' },
      ] as const,
      idempotencyKey: `${campaign}-${id}`,
    }
  }
}

/** Waits for each row's outcome, and writes them all to `results`. A file of that name is always whole. */
export async function writeResults({ notifier, file, signal, onProgress }: Bulk, taken: Taken, results: string): Promise<void> {
  async function* lines(): AsyncGenerator<string, void, undefined> {
    yield csvLine(['row', 'id', 'status', 'by', 'cost', 'reason'])
    for await (const customer of readCustomers(file)) {
      const sent = taken.get(customer.row)
      if (typeof sent === 'string') {
        await notifier.settled(sent, { signal })
        yield resultOf(customer, (await notifier.get(sent))!)
      } else yield csvLine([customer.row, customer.id, 'refused', '', '', sent?.message ?? 'the file has grown meanwhile'])
      onProgress(customer.row)
    }
  }
  await pipeline(lines, createWriteStream(`${results}.part`), { signal })
  await rename(`${results}.part`, results)
}

function resultOf({ row, id }: Customer, record: NotificationRecord): string {
  const { status = '', by, assumed, steps = [] } = record.outcome ?? {}
  const cost = costOf(record).map(({ amount, currency }) => `${amount} ${currency}`)
  const reasons = steps.flatMap(({ channel, reason }) =>
    reason === null || reason === 'delivered' ? [] : [`${channel}: ${reason}`],
  )
  return csvLine([row, id, status, by ?? '', cost.join(' + '), [...reasons, ...(assumed ? ['assumed'] : [])].join('; ')])
}
