import type { Awaitable } from '../contract/json.ts'
import type { Clock } from '../contract/time.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import { systemClock } from '../wire/clock.ts'
import { checkNames, checkOptions, clockRule } from '../wire/options.ts'

export type { WhatsAppWindow } from '../contract/whatsapp-window.ts'

/** Where it is kept when somebody last wrote: a table of the app's database, say, with the number as its key. */
export interface InboundStore {
  /** Unix milliseconds, or null if that number never wrote. */
  get(number: string): Awaitable<number | null | undefined>
  /** Keeps the later of the two. */
  put(number: string, at: number): Awaitable<void>
}

/** Options of `whatsappWindow`. */
export interface WhatsAppWindowOptions {
  /** Default: this process's memory, the latest 100,000 numbers. Give one that all processes share. */
  readonly store?: InboundStore
  readonly clock?: Clock
}

const day = 24 * 60 * 60 * 1000
// A message that takes its time must not arrive after the window has closed.
const margin = 60_000
const most = 100_000

/**
 * Knows in whose 24-hour window a free text may be sent. Give the same one to a WhatsApp provider and to its webhook: the webhook notes who
 * wrote when, the provider chooses between text and approved template.
 * Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages (customer service window).
 */
export function whatsappWindow(options: WhatsAppWindowOptions = {}): WhatsAppWindow {
  checkNames('whatsappWindow', options, ['store', 'clock'])
  const { store = memoryInboundStore(), clock = systemClock } = options
  checkOptions('whatsappWindow', [
    ['store', store, typeof store?.get === 'function' && typeof store.put === 'function', 'have get() and put()'],
    clockRule(clock),
  ])
  return {
    async isOpen(number) {
      const at = await store.get(keyOf(number))
      return typeof at === 'number' && clock.now() < at + day - margin
    },
    wrote: (number, at) => store.put(keyOf(number), at),
  }
}

/** Numbers in memory, gone with the process; the longest silent are forgotten first. */
export function memoryInboundStore(): InboundStore {
  const latest = new Map<string, number>()
  return {
    get: (number) => latest.get(number),
    put(number, at) {
      const before = latest.get(number) ?? Number.NEGATIVE_INFINITY
      latest.delete(number)
      latest.set(number, Math.max(before, at))
      if (latest.size > most) for (const oldest of latest.keys()) return void latest.delete(oldest)
    },
  }
}

/** Digits alone: vendors write numbers with and without `+` or a `whatsapp:` before them. */
function keyOf(number: string): string {
  return number.replace(/\D/g, '')
}
