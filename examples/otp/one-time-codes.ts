import { defineTemplate, type Notifier, type Recipient } from 'omnicascade'
import { z } from 'zod'
import type { Codes, Verdict } from './codes.ts'

/** Where a code may be asked for. */
export type CodeChannel = 'telegram' | 'sms' | 'email'

/** A code is on its way. Show the person until when it is good, and ask for it with `id`. */
export interface Asked {
  readonly id: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** The message. The subject of a mail, which mail servers log, does without the code. */
export const oneTimeCode = defineTemplate({
  id: 'one-time-code',
  variables: z.object({ code: z.string() }),
  content: {
    telegram: ({ code }) => ({ text: `${code} is your code for shop.example. Give it to nobody.` }),
    // The last line lets phones offer the code to this site, and to no other (WebOTP).
    sms: ({ code }) => `${code} is your code for shop.example. Give it to nobody.\n\n@shop.example #${code}`,
    email: ({ code }) => ({ subject: 'Your code for shop.example', text: `Your code is ${code}. Give it to nobody.` }),
  },
})

/** Options of `createOneTimeCodes`. */
export interface OneTimeCodesOptions {
  readonly notifier: Notifier<CodeChannel>
  readonly codes: Codes
  /** The app's people. Where a code goes is looked up here, and never said by who asks for one. */
  readonly recipientOf: (person: string) => Recipient | undefined
}

/** Sends one-time codes, and checks them. */
export function createOneTimeCodes({ notifier, codes, recipientOf }: OneTimeCodesOptions) {
  async function send(
    person: string,
    cascade: readonly (CodeChannel | { channel: 'sms'; within: '30s' })[],
  ): Promise<Asked | undefined> {
    const to = recipientOf(person)
    const made = codes.make(person)
    if (made === undefined) return undefined
    const { id, code, expiresAt } = made
    // Nobody tells a stranger who has an account: a person who is not known gets an id as well.
    if (to === undefined) return { id, expiresAt }
    const { id: notification } = await notifier.send({
      to,
      template: oneTimeCode,
      variables: { code },
      cascade,
      // What starts in the last minute comes too late to be typed in.
      expiresAt: expiresAt - 60_000,
    })
    codes.sentBy(id, notification)
    return { id, expiresAt }
  }

  return {
    /** Sends a code: by Telegram; if it cannot be, by SMS; if that is not delivered within what people wait for, by e-mail. Undefined if asked too often. */
    ask: (person: string) => send(person, ['telegram', { channel: 'sms', within: '30s' }, 'email']),
    /** Sends another code, by the channel that the person chooses; the one before is void. Undefined if asked too often, `over` if there is none. */
    async askAgain(id: string, channel: CodeChannel): Promise<Asked | undefined | 'over'> {
      const before = codes.find(id)
      if (before === undefined) return 'over'
      const asked = await send(before.person, [channel])
      // A step of the old one that is still to come would bring a code that is void.
      if (asked !== undefined && before.notification !== null) await notifier.cancel(before.notification)
      return asked
    },
    check: (id: string, code: string): Verdict => codes.check(id, code),
  }
}

/** One-time codes, and their channels. */
export type OneTimeCodes = ReturnType<typeof createOneTimeCodes>
