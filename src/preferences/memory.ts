import { checkedChoice } from './choice.ts'
import type { DigestWindow, OptOut, PreferenceStore } from './interfaces.ts'
import { roomAmong, type Taken } from './room.ts'

interface Collected extends DigestWindow {
  readonly key: string
  isClosed: boolean
  notificationId: string | null
  /** By id. */
  readonly items: Map<string, string>
}

/** Preferences, caps and digests in memory, gone with the process: for tests, and what may be lost. */
export function memoryPreferences(): PreferenceStore {
  const optOuts = new Map<string, OptOut>()
  // By recipient, then by notification. Who took a place last stands last.
  const places = new Map<string, Map<string, Taken>>()
  const windows = new Map<string, Collected>()
  const ofKey = new Map<string, Collected[]>()

  function forgetPlaces(until: number): void {
    for (const [recipient, own] of places) {
      for (const [id, { at }] of own) if (at <= until) own.delete(id)
      if (own.size > 0) return
      places.delete(recipient)
    }
  }

  function forgetWindows(until: number, but: string): void {
    for (const window of windows.values()) {
      if (window.id === but) continue
      if (window.until > until) return
      windows.delete(window.id)
      const others = ofKey.get(window.key)!.filter((other) => other !== window)
      if (others.length > 0) ofKey.set(window.key, others)
      else ofKey.delete(window.key)
    }
  }

  return {
    isOptedOut: ({ recipient, channel, category }) =>
      [undefined, channel].some((one) =>
        [undefined, category ?? undefined].some((other) => optOuts.has(keyOf({ recipient, channel: one, category: other }))),
      ),
    async optOut(given) {
      const { recipient, channel, category } = checkedChoice('optOut', given)
      const choice = { recipient, ...(channel && { channel }), ...(category && { category }) }
      optOuts.set(keyOf(choice), choice)
    },
    async optIn(given) {
      const { recipient, channel, category } = checkedChoice('optIn', given)
      for (const [key, own] of optOuts)
        if (
          own.recipient === recipient &&
          [undefined, own.channel].includes(channel) &&
          [undefined, own.category].includes(category)
        )
          optOuts.delete(key)
    },
    optOutsOf: async (recipient) => [...optOuts.values()].filter((own) => own.recipient === recipient),
    takePlace({ id, recipient, category, at, caps, forgetUntil }) {
      const own = places.get(recipient) ?? new Map<string, Taken>()
      own.delete(id)
      const until = roomAmong([...own.values()], { caps, at })
      if (until === null) own.set(id, { category, at })
      places.delete(recipient)
      if (own.size > 0) places.set(recipient, own)
      forgetPlaces(forgetUntil)
      return until
    },
    giveBack(id, recipient) {
      places.get(recipient)?.delete(id)
    },
    openWindow({ key, item, now, until }) {
      const others = ofKey.get(key) ?? []
      const known = others.find(({ items }) => items.has(item)) ?? others.find((other) => !other.isClosed && other.until > now)
      if (known !== undefined) return { id: known.id, until: known.until, notificationId: known.notificationId }
      const id = crypto.randomUUID()
      const window = { id, key, until, notificationId: null, isClosed: false, items: new Map() }
      windows.set(id, window)
      ofKey.set(key, [...others, window])
      return { id, until, notificationId: null }
    },
    announceWindow(id, notificationId) {
      const window = windows.get(id)
      if (window !== undefined) window.notificationId = notificationId
    },
    addItem({ window: id, key, id: itemId, text }) {
      if (ofKey.get(key)?.some(({ items }) => items.has(itemId))) return true
      const window = windows.get(id)
      if (window === undefined || window.isClosed) return false
      window.items.set(itemId, text)
      return true
    },
    closeWindow(id, _now, forgetUntil) {
      forgetWindows(forgetUntil, id)
      const window = windows.get(id)
      if (window === undefined) return []
      window.isClosed = true
      return [...window.items.values()]
    },
    async close() {},
  }
}

function keyOf({ recipient, channel, category }: OptOut): string {
  return JSON.stringify([recipient, channel, category])
}
