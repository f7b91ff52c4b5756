import type { Channel } from '../contract/channel.ts'
import type { ContentByChannel } from '../contract/content.ts'

/** The channels whose content may be given as its text alone. */
export type TextChannel = { [C in Channel]: { readonly text: string } extends ContentByChannel[C] ? C : never }[Channel]

// Without it a function or a promise would pass for WhatsApp content, none of whose fields is required.
interface PlainObject {
  readonly [Symbol.hasInstance]?: never
  readonly [Symbol.toStringTag]?: never
}

/** Content of a channel, or its text alone. */
export type Rendered<C extends Channel> = (ContentByChannel[C] & PlainObject) | (C extends TextChannel ? string : never)

/** Content of one channel: a function of the typed variables, or texts in the template language of the `engine`. */
export type ContentSource<C extends Channel, V> = ((variables: V) => Rendered<C>) | Rendered<C>

/** Content by channel. */
export type ContentSources<V> = { readonly [C in Channel]?: ContentSource<C, V> }

/** Turns a channel or a field that does not exist into `never`, so that a misspelt one does not compile. */
export type ExactSources<T, C extends PropertyKey = Channel> = {
  readonly [K in keyof T]: K extends C & Channel ? ExactSource<K, T[K]> : never
}

type ExactSource<C extends Channel, T> = T extends (variables: infer V) => infer R
  ? (variables: V) => ExactFields<C, R>
  : ExactFields<C, T>

type ExactFields<C extends Channel, T> = T extends string
  ? T
  : T & { readonly [F in Exclude<keyof T & string, keyof ContentByChannel[C]>]: never }
