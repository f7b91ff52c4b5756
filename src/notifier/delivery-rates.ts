import type { Effect } from '../cascade/input.ts'
import { rankOf } from '../cascade/status.ts'
import type { Channel } from '../contract/channel.ts'
import type { NotificationRecord } from '../contract/record.ts'

/** How often what a channel sent was delivered, as far as this process has stored it. */
export interface DeliveryRates {
  /** A change was stored. */
  note(record: NotificationRecord, effects: readonly Effect[]): void
  /** Between 0 and 1. */
  of(channel: Channel): number
}

interface Count {
  readonly ended: number
  readonly delivered: number
}

const none: Count = { ended: 0, delivered: 0 }

// Then both counts are halved, so that what was lately counts for more than what was long ago.
const most = 1000

/** Nothing is known yet. */
export function createDeliveryRates(): DeliveryRates {
  const counts = new Map<Channel, Count>()

  function add(channel: Channel, isDelivered: boolean): void {
    const { ended, delivered } = counts.get(channel) ?? none
    const share = ended >= most ? 0.5 : 1
    counts.set(channel, { ended: (ended + 1) * share, delivered: (delivered + Number(isDelivered)) * share })
  }

  return {
    note({ steps }, effects) {
      for (const effect of effects) {
        if (effect.type !== 'emit') continue
        const { entry } = effect
        if (entry.type !== 'step.succeeded' && entry.type !== 'step.failed' && entry.type !== 'step.timed-out') continue
        // The step ended before, and was counted then: for the cascade it came too late.
        if (entry.type === 'step.succeeded' && entry.late) continue
        const { attempts, reason } = steps[entry.step]!
        const isDelivered =
          entry.type === 'step.succeeded' || attempts.some(({ status }) => rankOf(status) >= rankOf('delivered'))
        // What was never sent says nothing of the channel, nor does what was wrong with the message.
        if (attempts.length > 0 && (reason !== 'content' || isDelivered)) add(entry.channel, isDelivered)
      }
    },
    of(channel) {
      const { ended, delivered } = counts.get(channel) ?? none
      // The mean of a beta distribution that starts even: a few deliveries make nobody certain.
      return (delivered + 1) / (ended + 2)
    },
  }
}
