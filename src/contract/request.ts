import type { AddressKey, Channel, Recipient } from './channel.ts'
import type { Content, ContentByChannel } from './content.ts'
import type { JsonObject } from './json.ts'
import type { OnUnknown, Until } from './record.ts'
import type { Template } from './template.ts'
import type { Duration, Moment, Window } from './time.ts'

/** The rules of one step; all optional. */
export interface StepRules {
  /** Sent beside the chain when the notification starts, whether or not another channel delivers. Default false. */
  readonly required?: boolean | undefined
  /** What counts as success. Default `delivered`. */
  readonly until?: Until | undefined
  /** How long to wait for a receipt after acceptance. Default: the notifier's `within` for the channel. */
  readonly within?: Duration | undefined
  /** Hours in which this step may start, instead of the notification's; `null`: any hour. */
  readonly window?: Window | null | undefined
  /** What to do when nobody saw the send's result: see `OnUnknown`. Default `advance`. */
  readonly onUnknown?: OnUnknown | undefined
  /** Use this provider only. */
  readonly through?: string | undefined
}

/** One step: a channel, a channel with rules, or several channels that one vendor tries itself (`channels` and `through`). */
export type StepInput<C extends Channel = Channel> =
  | C
  | (StepRules & { readonly channel: C })
  | (StepRules & { readonly channels: readonly C[]; readonly through: string })

/**
 * In which order the optional steps of a cascade are tried: as they are given; by what each would cost; or by how often its channel has delivered. Ties,
 * and what nobody knows the price of, come as given. Required steps are sent beside them in any case.
 */
export type CascadeOrder = 'as-given' | 'cheapest' | 'most-reliable'

/** Each order that there is. */
export const orders: readonly CascadeOrder[] = ['as-given', 'cheapest', 'most-reliable']

/** What is said of an order by price where there is none. */
export const noPrices = "is 'cheapest', but there are no prices: give createNotifier({ prices })"

/** When and under which conditions a notification is sent. */
export interface RequestRules {
  /** Not before this moment. Default: now. */
  readonly sendAt?: Moment | undefined
  /** No step starts at or after this moment. */
  readonly expiresAt?: Moment | undefined
  /** Hours in which steps may start, in the recipient's time zone. */
  readonly window?: Window | undefined
  /** In which order its optional steps are tried; decided when it is sent. Default: the notifier's `defaults.order`, or `as-given`. */
  readonly order?: CascadeOrder | undefined
  /** The same key with the same request gives the same notification, and nothing is sent again. */
  readonly idempotencyKey?: string | undefined
  /** What kind of notification this is, in the app's own words, for preferences: `marketing`, `orders`, `security`. Kept in the record, never sent. */
  readonly category?: string | undefined
  /** The app's own data, kept in the record and never sent. */
  readonly metadata?: JsonObject | undefined
}

/** A request with types as loose as what comes from a queue or a file; it is checked when it is sent. `send` itself checks the types of what it is given. */
export interface NotificationRequest<C extends Channel = Channel> extends RequestRules {
  readonly to: Recipient
  readonly cascade: readonly StepInput<C>[]
  readonly template?: Template<never, Channel>
  readonly variables?: unknown
  readonly content?: Content
}

/** The channels a cascade names. */
export type ChannelsOfCascade<A extends readonly StepInput[]> = {
  [I in keyof A]: A[I] extends Channel
    ? A[I]
    : A[I] extends { channel: infer C }
      ? C
      : A[I] extends { channels: readonly (infer D)[] }
        ? D
        : never
}[number]

interface KeysByChannel {
  sms: 'phone'
  email: 'email'
  push: 'push'
  whatsapp: 'whatsapp' | 'phone'
  viber: 'viber' | 'phone'
  telegram: 'telegram' | 'phone'
  vk: 'vk' | 'phone'
  ok: 'ok' | 'phone'
  chat: AddressKey | keyof Recipient
}

type Given<To> = { [K in keyof To]-?: To[K] extends null | undefined ? never : K }[keyof To]

/** Resolves to a type that `to` cannot satisfy when it has no address for any channel of the cascade. */
export type Reachable<A extends readonly StepInput[], To> =
  'chat' extends ChannelsOfCascade<A>
    ? unknown
    : KeysByChannel[ChannelsOfCascade<A> & Channel] & Given<To> extends never
      ? { readonly to: { readonly [K in KeysByChannel[ChannelsOfCascade<A> & Channel]]: string } }
      : unknown

/** Turns a misspelt rule into `never`, so that it does not compile. */
export type ExactSteps<A extends readonly StepInput[]> = {
  readonly [I in keyof A]: A[I] extends Channel
    ? A[I]
    : A[I] & { readonly [K in Exclude<keyof A[I], keyof StepRules | 'channel' | 'channels'>]: never }
}

/** What `send` takes with a template: variables, channels and addresses are checked against it when it is compiled. */
export type TemplateRequest<V, K extends Channel, A extends readonly StepInput[], To> = RequestRules & {
  readonly to: To
  readonly cascade: A & ExactSteps<A>
  readonly template: Template<V, K>
  readonly variables: NoInfer<V>
  readonly content?: never
} & Reachable<A, To>

/** What `send` takes with content given as it is. */
export type ContentRequest<K extends Channel, A extends readonly StepInput[], To> = RequestRules & {
  readonly to: To
  readonly cascade: A & ExactSteps<A>
  readonly content: { readonly [C in K]: ContentByChannel[C] }
  readonly template?: never
  readonly variables?: never
} & Reachable<A, To>
