import type { RedisClient, RedisSubscriber } from './client.ts'
import { closedError, toStoreError } from './errors.ts'
import { fromKeyPart } from './keys.ts'

/** Hears of the changes that others make. */
export interface Changes {
  watch(onChange: (id: string | null) => void): Promise<() => void>
  close(): void
}

/** One connection of its own, a duplicate of the app's, for as long as anybody watches. Messages are `<write> <id>`; a write begins with `self`. */
export function createChanges(client: RedisClient, channel: string, self: string): Changes {
  const watchers = new Set<(id: string | null) => void>()
  let isClosed = false
  let open: { readonly subscriber: RedisSubscriber; readonly settled: Promise<void> } | undefined

  function tell(id: string | null): void {
    for (const onChange of [...watchers]) onChange(id)
  }

  function subscribe() {
    const subscriber = client.duplicate()
    let isFirst = true
    const settled = new Promise<void>((resolve, reject) => {
      const onReady = () => {
        const isAgain = !isFirst
        isFirst = false
        subscriber.subscribe(channel).then(
          () => {
            // What was published while nobody listened is lost.
            if (isAgain) tell(null)
            resolve()
          },
          (error) => reject(toStoreError(error)),
        )
      }
      // The client connects again by itself; meanwhile, whoever waits looks now and then.
      const onClose = () => {
        isFirst = false
        resolve()
      }
      subscriber.on('message', (_, message) => {
        const at = message.indexOf(' ')
        if (!message.startsWith(self)) tell(fromKeyPart(message.slice(at + 1)))
      })
      // A cluster listens on a node of its own choice, and says nothing when it has to choose another: what was missed then is found by looking.
      subscriber.on('ready', onReady)
      subscriber.on('close', onClose)
      subscriber.on('end', onClose)
      subscriber.on('error', () => {})
      if (subscriber.status === 'wait') subscriber.connect().catch(() => {})
    })
    return { subscriber, settled }
  }

  function disconnect(): void {
    watchers.clear()
    open?.subscriber.disconnect()
    open = undefined
  }

  return {
    async watch(onChange) {
      if (isClosed) throw closedError()
      // Each by itself, even where one function watches twice.
      const own = (id: string | null) => onChange(id)
      const stop = () => {
        if (watchers.delete(own) && watchers.size === 0) disconnect()
      }
      watchers.add(own)
      open ??= subscribe()
      try {
        await open.settled
      } catch (error) {
        stop()
        throw error
      }
      return stop
    },
    close() {
      isClosed = true
      disconnect()
    },
  }
}
