import type { Channel } from './channel.ts'

/** Where a link is about to go. */
export interface LinkContext {
  readonly channel: Channel
  readonly notificationId: string
  /** `explain` asks: the answer is shown to a person and nothing may be stored or created. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

/** Turns a long URL into a short one. Failing or being slow never holds a notification back: the long URL goes out. */
export type Shortener = (url: string, context: LinkContext) => Promise<string>

/** Text with its links replaced. */
export interface ShortenedText {
  readonly text: string
  readonly links: readonly { readonly long: string; readonly short: string }[]
  /** Links that stayed long, and why; the message never holds the URL. */
  readonly failures: readonly { readonly long: string; readonly message: string }[]
}

/** Finds and replaces the links of a text. Made by `shortenLinks` of `omnicascade/links`. */
export interface LinkRewriter {
  readonly channels: readonly Channel[]
  /** Undefined when the text has no links. Never rejects. */
  rewrite(text: string, context: Omit<LinkContext, 'signal'>): Promise<ShortenedText> | undefined
}
