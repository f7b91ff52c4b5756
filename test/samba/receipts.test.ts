import { type ChannelProvider, createNotifier, type Receipt, RequestError } from 'omnicascade'
import { parseSambaEvents, type SambaSmsEvent, sambaKey, sambaReceipts } from 'omnicascade/samba'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'

const sentAt = 1673753160010
const campaign = { id: 'cd43', name: 'Retention' }
const node = { id: '3241', name: 'Retention VIP SMS' }

function eventOf(status: string, source: Partial<SambaSmsEvent['source']> = {}): SambaSmsEvent {
  return {
    smsEvent: { trackpoint: '4541245641234564', userId: '123456', status, date: sentAt + 300 },
    source: { type: 'flow', campaign, node, sendDate: sentAt, ...source },
  } as SambaSmsEvent
}

async function receiptsOf(events: SambaSmsEvent[], options?: Parameters<typeof sambaReceipts>[1]) {
  const receipts: Receipt[] = []
  for await (const receipt of sambaReceipts(events, options)) receipts.push(receipt)
  return receipts
}

describe('receipts of Samba events', () => {
  test('say who, by which campaign and node, when, and near which moment it was sent', async () => {
    expect(await receiptsOf([eventOf('DELIVERED')])).toEqual([
      {
        provider: 'samba',
        keys: ['samba:["123456","cd43","3241"]'],
        status: 'delivered',
        at: sentAt + 300,
        raw: 'DELIVERED',
        near: { at: sentAt, tolerance: 600_000 },
      },
    ])
  })

  test.each([
    ['ACCEPTED', 'sent'],
    ['DELIVERED', 'delivered'],
    ['EXPIRED', 'expired'],
    ['UNDELIVERABLE', 'failed'],
    ['REJECTED', 'failed'],
    ['DELETED', 'failed'],
    ['SKIPPED', 'failed'],
  ])('%s is %s, with the vendor’s own word beside it', async (raw, status) => {
    expect(await receiptsOf([eventOf(raw)])).toMatchObject([{ status, raw }])
  })

  test('are not made of statuses and sources that are not documented', async () => {
    expect(await receiptsOf([eventOf('READ'), eventOf('DELIVERED', { type: 'unknown', name: 'x' } as never)])).toEqual([])
  })

  test('of a one-off campaign have no node in their key', async () => {
    const [receipt] = await receiptsOf([eventOf('DELIVERED', { type: 'one-off' })])
    expect(receipt?.keys).toEqual(['samba:["123456","cd43"]'])
    expect(receipt?.keys).toEqual([sambaKey({ userId: 123456, campaignId: 'cd43' })])
  })

  test('take the provider, the tolerance and what to do about ambiguity from their options', async () => {
    expect(await receiptsOf([eventOf('DELIVERED')], { provider: 'samba-cz', tolerance: '2m', match: 'newest' })).toMatchObject([
      { provider: 'samba-cz', near: { tolerance: 120_000 }, match: 'newest' },
    ])
    const soon = () => sambaReceipts([], { tolerance: 'soon' as never })
    expect(soon).toThrow(RequestError)
    expect(soon).toThrow('sambaReceipts: tolerance: is not a duration')
  })
})

test('an export, ingested, settles the notification whose SMS Samba has delivered', async () => {
  const clock = virtualClock(sentAt - 60_000)
  const samba: ChannelProvider<'sms'> = {
    name: 'samba',
    channels: ['sms'],
    receipts: 'full',
    send: async ({ recipient }) => ({
      keys: [sambaKey({ userId: recipient.userId!, campaignId: campaign.id, nodeId: node.id })],
    }),
  }
  const notifier = createNotifier({ providers: [samba], clock })
  const send = (userId: string) =>
    notifier.send({ to: { phone: '+420777123456', userId }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] })
  const { id } = await send('123456')
  const other = await send('999')
  await clock.advance('1s')

  const events = parseSambaEvents(`${JSON.stringify(eventOf('ACCEPTED'))}\n${JSON.stringify(eventOf('DELIVERED'))}\n`)
  expect(await notifier.ingest(sambaReceipts(events))).toMatchObject({ applied: 2, unmatched: 0 })
  expect((await notifier.get(id))?.outcome).toMatchObject({ status: 'delivered', by: 'sms', assumed: false })
  expect((await notifier.get(other.id))?.outcome).toBeNull()
  await notifier.close()
})
