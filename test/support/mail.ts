import type { EmailContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'

/** A request to send an e-mail. */
export function mailFor(content: EmailContent, to: SendRequest['to'] = 'ada.lovelace@example.org'): SendRequest<'email'> {
  return {
    channel: 'email',
    to,
    content,
    recipient: { email: 'ada.lovelace@example.org' },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 60_000,
  }
}

/** Contents that no vendor may be given, each with the field that is to blame. */
export const injections: readonly (readonly [string, EmailContent, string])[] = [
  ['a subject with a line break', { subject: 'Hi\r\nBcc: eve@example.net', text: 'x' }, 'subject'],
  ['no text', { subject: 'Hi' }, 'text'],
  ['two senders', { subject: 'Hi', text: 'x', from: 'a@example.org, b@example.org' }, 'from'],
  ['a reply address with a line break', { subject: 'Hi', text: 'x', replyTo: 'a@example.org\nX: y' }, 'replyTo'],
  ['a header with a line break', { subject: 'Hi', text: 'x', headers: { 'X-A': 'b\r\nBcc: eve@example.net' } }, 'headers.X-A'],
  ['a header that is the provider’s', { subject: 'Hi', text: 'x', headers: { Bcc: 'eve@example.net' } }, 'headers.Bcc'],
]
