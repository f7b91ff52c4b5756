import type { NotificationRequest } from 'omnicascade'
import { accept, fail, scriptedProvider } from 'omnicascade/testing'
import { expect } from 'vitest'
import { world } from '../support/world.ts'

/** What is personal, secret, or in the words of others: each part can be told in a text. */
export const personal = {
  phone: '+420777123456',
  email: 'countess.ada@example.org',
  push: 'push-token-4711',
  userId: 'user-4711',
  name: 'Lovelace',
  text: 'Your code is 987654',
  metadata: 'patient-number-12',
  key: 'order-of-lovelace-12',
  messageId: 'message-to-420777123456',
  words: 'vendor says: no such user 420777123456',
  code: '420777123456',
  raw: 'RAW-420777123456',
  veto: 'the host says that Lovelace is away',
  link: 'https://shop.example/reset?token=tok-4711',
} as const

const content = { text: `${personal.name}: ${personal.text} ${personal.link}` }

/** A request full of it. */
export const request: NotificationRequest = {
  to: { phone: personal.phone, email: personal.email, push: personal.push, userId: personal.userId },
  content: { sms: content, push: content, viber: content, whatsapp: content, email: { subject: personal.name, ...content } },
  cascade: ['push', 'viber', 'whatsapp', { channel: 'email', within: '1m' }, { channel: 'sms', within: '1m' }],
  metadata: { who: personal.metadata },
  idempotencyKey: personal.key,
}

/** A world in which a notification meets nearly all that can happen to one, each with something personal in it. */
export function eventful(options: Parameters<typeof world>[1] = {}) {
  const { messageId, words, code } = personal
  const w = world(
    [
      scriptedProvider({ channels: ['push'], replies: [fail('recipient', words, { code })] }),
      scriptedProvider({ channels: ['viber'], replies: [fail('content', words, { code, field: 'text' })] }),
      scriptedProvider({ channels: ['whatsapp'] }),
      scriptedProvider({ channels: ['email'], receipts: 'full', replies: [accept({ messageId })] }),
      scriptedProvider({ channels: ['sms'], receipts: 'full', replies: [fail('configuration', words, { code })] }),
    ],
    { start: Date.UTC(2026, 10, 25), beforeSend: ({ channel }) => (channel === 'whatsapp' ? personal.veto : true), ...options },
  )
  return {
    ...w,
    /** Push and Viber are refused, WhatsApp is vetoed, e-mail is silent, SMS fails; then the e-mail is clicked after all. */
    async tell(): Promise<string> {
      const id = await w.send(request.cascade, request)
      await w.to(61)
      const said = { raw: personal.raw, reason: personal.words, link: personal.link }
      await w.receipt('email', 'clicked', messageId, said)
      await w.receipt('email', 'failed', messageId, said)
      await w.receipt('email', 'delivered', 'a key that nobody has', said)
      await w.receipt('email', 'delivered', 'of long ago', { ...said, near: { at: 0, tolerance: 0 } })
      return id
    },
  }
}

/** Holds if none of it is told, in whatever form it may be. */
export function expectNothingPersonal(told: string): void {
  const parts = Object.entries(personal).flatMap(([what, text]) => [
    [what, text] as const,
    [what, encodeURIComponent(text)] as const,
  ])
  const leaks = [...parts, ['digits', '420777123456'] as const, ['token', 'tok-4711'] as const].filter(([, text]) =>
    told.includes(text),
  )
  expect(leaks).toEqual([])
}
