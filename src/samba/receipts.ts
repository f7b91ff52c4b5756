import { toMilliseconds } from '../contract/duration.ts'
import type { Receipt, ReceiptStatus } from '../contract/receipt.ts'
import type { Duration } from '../contract/time.ts'
import type { SambaSmsEvent } from './events.ts'

/** What identifies the SMS that an event is about, save for the moment it was sent: Samba gives no message id. */
export interface SambaKeyParts {
  readonly userId: string | number
  readonly campaignId: string
  /** Of an SMS sent by a flow. */
  readonly nodeId?: string | undefined
}

/** Correlation key of a Samba SMS. Not unique: the same user may get the same campaign twice, so receipts also say `near` when. */
export const sambaKey = ({ userId, campaignId, nodeId }: SambaKeyParts): string =>
  `samba:${JSON.stringify([String(userId), campaignId, ...(nodeId === undefined ? [] : [nodeId])])}`

/** How events find the attempts they are about. */
export interface SambaReceiptOptions {
  /** Name of the provider whose attempts the events are about. Default `samba`. */
  readonly provider?: string
  /** How far an attempt's start may be from the event's `sendDate`. Default `'10m'`. */
  readonly tolerance?: Duration
  /** What to do when several attempts are that near: report the receipt as unmatched (`only`, default), or take the `newest` that has not ended. */
  readonly match?: 'only' | 'newest'
}

/** Receipts of a stream of events, for `notifier.ingest`. Statuses and sources that are not documented give none. */
export function sambaReceipts(
  events: AsyncIterable<SambaSmsEvent> | Iterable<SambaSmsEvent>,
  options: SambaReceiptOptions = {},
): AsyncGenerator<Receipt, void, undefined> {
  return receiptsOf(events, options, toMilliseconds(options.tolerance ?? '10m', 'sambaReceipts', 'tolerance'))
}

async function* receiptsOf(
  events: AsyncIterable<SambaSmsEvent> | Iterable<SambaSmsEvent>,
  { provider = 'samba', match }: SambaReceiptOptions,
  tolerance: number,
): AsyncGenerator<Receipt, void, undefined> {
  for await (const { smsEvent, source } of events) {
    const status = statusOf(smsEvent.status)
    if (status === undefined || source.type === 'unknown') continue
    yield {
      provider,
      keys: [
        sambaKey({
          userId: smsEvent.userId,
          campaignId: source.campaign.id,
          nodeId: source.type === 'flow' ? source.node.id : undefined,
        }),
      ],
      status,
      at: smsEvent.date,
      raw: smsEvent.status,
      near: { at: source.sendDate, tolerance },
      ...(match && { match }),
    }
  }
}

function statusOf(status: SambaSmsEvent['smsEvent']['status']): ReceiptStatus | undefined {
  switch (status) {
    case 'ACCEPTED':
      return 'sent'
    case 'DELIVERED':
      return 'delivered'
    case 'EXPIRED':
      return 'expired'
    case 'UNDELIVERABLE':
    case 'REJECTED':
    case 'DELETED':
    case 'SKIPPED':
      return 'failed'
    default:
      return undefined
  }
}
