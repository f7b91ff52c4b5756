import type { Meter } from '@opentelemetry/api'
import type { NotifierEvent, NotifierEvents } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Telemetry } from '../contract/telemetry.ts'
import { attemptOf, errorTypeOf, messaging, own } from './attributes.ts'
import { fallbackOf } from './fallback.ts'

// Seconds: of a call, and of the way to a person.
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const deliveryBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400]

/** A notifier's metrics. Their attributes are few and bounded: never an id, an address, or a word of others. */
export function createMeters(meter: Meter): Telemetry {
  const sends = meter.createCounter('omnicascade.sends', { unit: '{send}', description: 'Attempts whose call has ended' })
  const outcomes = meter.createCounter('omnicascade.outcomes', {
    unit: '{notification}',
    description: 'Notifications that have settled',
  })
  const fallbacks = meter.createCounter('omnicascade.fallbacks', {
    unit: '{fallback}',
    description: 'Steps that were given up for the next channel',
  })
  const receipts = meter.createCounter('omnicascade.receipts', {
    unit: '{receipt}',
    description: 'Receipts that said something new, or found no attempt',
  })
  const deliveries = meter.createHistogram('omnicascade.delivery.duration', {
    unit: 's',
    description: 'From the moment at which a notification may be sent to its delivery',
    advice: { explicitBucketBoundaries: deliveryBuckets },
  })
  const operations = meter.createHistogram('messaging.client.operation.duration', {
    unit: 's',
    description: 'Duration of a send(), or of a call of a provider',
    advice: { explicitBucketBoundaries: callBuckets },
  })
  const circuits = new Map<string, 0 | 1>()
  meter
    .createObservableGauge('omnicascade.circuit.open', {
      unit: '{circuit}',
      description: "1 while a provider's circuit is open in this process",
    })
    .addCallback((result) => {
      for (const [provider, isOpen] of circuits) result.observe(isOpen, own({ provider }))
    })

  function settled({ status, by }: NotifierEvents['notification.settled'], record: NotificationRecord): void {
    const { step, assumed } = record.outcome!
    outcomes.add(1, own({ status, channel: by, assumed }))
    if (status !== 'delivered') return
    const provider =
      step === null ? undefined : record.steps[step]!.attempts.findLast((attempt) => attempt.status !== null)?.provider
    const seconds = (record.settledAt! - Math.max(record.sendAt, record.createdAt)) / 1000
    deliveries.record(Math.max(0, seconds), own({ channel: by, provider, assumed }))
  }

  return {
    async send(take) {
      const since = performance.now()
      const ended = (error = {}) => operations.record(secondsSince(since), { ...messaging('create', 'create'), ...error })
      try {
        const taken = await take(undefined)
        ended()
        return taken
      } catch (error) {
        ended({ 'error.type': errorTypeOf(error) })
        throw error
      }
    },
    call(call, make) {
      const { channel } = call.record.steps[call.step]!
      const { provider } = attemptOf(call)
      if (!circuits.has(provider)) circuits.set(provider, 0)
      const since = performance.now()
      const made = make()
      void made.ended.then((called) => {
        const error = 'failure' in called ? { 'error.type': called.failure.kind } : {}
        operations.record(secondsSince(since), { ...messaging('send', 'send', channel), ...own({ provider }), ...error })
      })
      return made
    },
    hear(event, record) {
      if (event.type === 'provider.opened' || event.type === 'provider.closed')
        circuits.set(event.provider, event.type === 'provider.opened' ? 1 : 0)
      if (event.type === 'receipt.parked' || event.type === 'receipt.unmatched') {
        const { provider, status } = event.receipt
        receipts.add(1, own({ provider, status, result: event.type.slice('receipt.'.length) }))
      }
      if (record !== undefined) count(event, record)
    },
  }

  /** What the timeline tells. */
  function count(event: NotifierEvent, record: NotificationRecord): void {
    if (event.type === 'attempt.accepted') {
      sends.add(1, own({ channel: event.channel, provider: event.provider, status: 'accepted' }))
    } else if (event.type === 'attempt.failed') {
      const { channel, provider, failure } = event
      sends.add(1, { ...own({ channel, provider, status: 'failed' }), 'error.type': failure.kind })
    } else if (event.type === 'attempt.receipt') {
      const { channel, provider, status } = event
      receipts.add(1, own({ channel, provider, status, result: 'applied' }))
    } else if (event.type === 'notification.settled') settled(event, record)
    const fallback = fallbackOf(event, record)
    if (fallback !== undefined) fallbacks.add(1, own({ ...fallback }))
  }
}

function secondsSince(since: number): number {
  return (performance.now() - since) / 1000
}
