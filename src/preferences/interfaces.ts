import type { Channel } from '../contract/channel.ts'
import type { Awaitable } from '../contract/json.ts'

/** What a step is about to do, and to whom. */
export interface OptOutTarget {
  /** As `recipientKey`, or the app's own `recipient`, has it. */
  readonly recipient: string
  readonly channel: Channel
  /** Null where the request named none. */
  readonly category: string | null
}

/** Who does not want to hear what: the app's own table, or a ready one. */
export interface OptOutList {
  /** Asked before each attempt, unless its category is critical. If it throws, the step waits a minute. */
  isOptedOut(target: OptOutTarget): Awaitable<boolean>
}

/** What somebody does not want: a category, a channel, one on the other, or (with neither) everything. */
export interface OptOut {
  readonly recipient: string
  readonly channel?: Channel | undefined
  readonly category?: string | undefined
}

/** A ready list, with what the page needs where people choose. */
export interface OptOuts extends OptOutList {
  /** A name that is no text, or empty, is refused with a `RequestError`: without a name, everything is meant. */
  optOut(choice: OptOut): Promise<void>
  /** Takes back this opt-out and those within it. A wider one still holds. */
  optIn(choice: OptOut): Promise<void>
  optOutsOf(recipient: string): Promise<readonly OptOut[]>
}

/** At most `count` notifications in any `per` milliseconds; of one category, or (null) of all. */
export interface CapRule {
  readonly category: string | null
  readonly count: number
  readonly per: number
}

/** A notification's place under the caps that concern it. */
export interface CapPlace {
  /** The notification's. */
  readonly id: string
  readonly recipient: string
  readonly category: string | null
  /** Unix milliseconds. */
  readonly at: number
  readonly caps: readonly CapRule[]
  /** Places taken at or before this moment count for no cap any more, and may be forgotten. */
  readonly forgetUntil: number
}

/** What recipients were lately sent. */
export interface CapLog {
  /**
   * Takes a place, and gives null; or, where a cap has no room beside the recipient's other places, gives the moment at which all have.
   * A notification that has one already is moved to `at`, or loses it. Atomic among all who ask for one recipient.
   */
  takePlace(place: CapPlace): Awaitable<number | null>
  /** Gives back a notification's place, if it has one. */
  giveBack(id: string, recipient: string): Awaitable<void>
}

/** A window that collects. */
export interface DigestWindow {
  readonly id: string
  /** When it ends, in Unix milliseconds. */
  readonly until: number
  /** The notification that will show it, once that is stored. */
  readonly notificationId: string | null
}

/** Where digests are collected. */
export interface DigestStore {
  /**
   * The window of the key that has the item already; or the one that is neither closed nor over at `now`; or a new one, to end at `until`. Atomic
   * among all who ask for one key.
   */
  openWindow(request: {
    readonly key: string
    readonly item: string
    readonly now: number
    readonly until: number
  }): Awaitable<DigestWindow>
  /** The window has its notification. */
  announceWindow(id: string, notificationId: string): Awaitable<void>
  /** Adds an item (JSON as text); false if the window is closed or gone. One whose id the key had already is not added again: true. */
  addItem(item: { readonly window: string; readonly key: string; readonly id: string; readonly text: string }): Awaitable<boolean>
  /** Closes the window, if it is not, and gives its items in the order in which they came. May forget windows that ended at or before `forgetUntil`. */
  closeWindow(id: string, now: number, forgetUntil: number): Awaitable<readonly string[]>
}

/** A ready store of everything. */
export interface PreferenceStore extends OptOuts, CapLog, DigestStore {
  close(): Promise<void>
}
