import type { ChannelProvider, SendRequest } from '../../../src/contract/provider.ts'

/** A provider with planted secrets, and what is needed to attack it. */
export interface Subject {
  /** As `examples/catalogue/adapters.ts` has it: its title, or its page. */
  readonly name: string
  /** What it is given and must never show, as it is given. */
  readonly secrets: readonly string[]
  /** Users and passwords that travel together (HTTP Basic). */
  readonly pairs?: readonly (readonly [user: string, password: string])[]
  /** With the vendor's own address, unless a test gives another one. */
  readonly create: (baseUrl?: string) => ChannelProvider
  /** Requests that it takes, one for each channel at least. */
  readonly requests: readonly SendRequest[]
  /** The only hosts that it may call. */
  readonly hosts: readonly string[]
  /** The vendor refuses, in its own form, with these words wherever it has words. Left out where its answers hold none. */
  readonly refusal?: (words: string) => Response
  /** Answers the calls that come before a send. */
  readonly logIn?: (url: URL) => Response | undefined
  /** What it speaks. Default `http`. */
  readonly over?: 'http' | 'http2' | 'smtp' | 'smpp' | 'nothing'
}

export const mailbox = 'Shop <shop@example.org>'
export const phone = '+420777123456'
/** Links that a message carries: nobody but the recipient may ever call them. */
export const carried = { imageUrl: 'https://media.carried.example/a.png', link: 'https://link.carried.example/1' }

/** A request on a channel. */
export function requestFor(channel: SendRequest['channel'], to: SendRequest['to'], content: object): SendRequest {
  return {
    channel,
    to,
    content,
    recipient: { phone, email: 'ada@example.org', userId: 'u-42' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 60_000,
  } as SendRequest
}

/** What a messenger takes. */
export const message = { text: 'Hi Ada', imageUrl: carried.imageUrl, buttons: [{ text: 'Open', url: carried.link }] }

export function json(body: unknown, status = 400): Response {
  return Response.json(body, { status })
}
