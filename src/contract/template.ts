import type { Channel } from './channel.ts'
import type { ContentByChannel } from './content.ts'
import type { Awaitable } from './json.ts'

/** One thing wrong with a value, and where. */
export interface Issue {
  /** Dotted path, for example `variables.name` or `cascade[1].within`. */
  readonly path: string
  readonly message: string
}

/** What to do with an SMS that is long or needs UCS-2. Counted after links are shortened. */
export interface SmsPolicy {
  /** `allow` sends as it is, `transliterate` replaces what has a GSM-7 likeness where that is enough to leave UCS-2, `reject` fails (kind `content`) if UCS-2 is needed. */
  readonly unicode?: 'allow' | 'transliterate' | 'reject'
  /** Fails (kind `content`) if more segments are needed. */
  readonly maxSegments?: number
}

/** A typed template. Made by `defineTemplate`; the notifier keeps only its id, version and variables in a record. */
export interface Template<V = unknown, C extends Channel = Channel> {
  readonly id: string
  readonly version: string
  /** The channels it has content for, in any locale. */
  readonly channels: readonly C[]
  readonly sms?: SmsPolicy | undefined
  /** Checks variables against the schema. */
  validate(variables: unknown): Awaitable<{ readonly value: unknown } | { readonly issues: readonly Issue[] }>
  /** Renders one channel from validated variables. Throws `TemplateError`. */
  render<K extends Channel>(channel: K, variables: unknown, locale: string | undefined): ContentByChannel[K] | undefined
  /** Type of the variables; never set. */
  readonly '~variables'?: (variables: V) => void
}
