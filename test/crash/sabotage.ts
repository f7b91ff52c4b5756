// Faults of the kind that the crash tests are there to find, planted in a child: they must be found.
import type { ChannelProvider, NotificationStore } from 'omnicascade'

/** What is wrong with a child. */
export type Fault =
  | 'loses an update now and then'
  | 'says stored before it is'
  | 'calls twice'
  | 'forgets what it has parked'
  | 'is deaf'

/** A store that breaks its promise. */
export function withFault(store: NotificationStore, fault: Fault | null): NotificationStore {
  let updates = 0
  if (fault === 'loses an update now and then')
    return { ...store, update: async (record, version) => ++updates % 10 === 0 || (await store.update(record, version)) }
  if (fault === 'says stored before it is')
    return {
      ...store,
      async insert(record) {
        setTimeout(() => void Promise.resolve(store.insert(record)).catch(() => {}), 300)
        return { record, created: true }
      },
    }
  if (fault === 'forgets what it has parked') return { ...store, parkReceipt() {} }
  return store
}

/** A provider that does more, or less, than it is asked. */
export function withFaultyCalls(provider: ChannelProvider, fault: Fault | null): ChannelProvider {
  // Receipts under the key that was known before the call no longer find it.
  if (fault === 'is deaf') return { ...provider, keys: () => [] }
  if (fault !== 'calls twice') return provider
  return {
    ...provider,
    async send(request, context) {
      void provider.send(request, context).catch(() => {})
      return provider.send(request, context)
    },
  }
}
