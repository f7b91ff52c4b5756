import type { FailureKind } from '../../contract/failure.ts'

/** What an SMTP server refused: its reply, and the command that it replied to as nodemailer names it. */
export interface Refusal {
  readonly reply: string
  readonly command: string | undefined
}

/** A reply's code, the enhanced one where the server gives it (RFC 3463), and what it means for the cascade. */
export interface ReplyMeaning {
  readonly kind: FailureKind
  readonly code: string
}

// By subject and detail of a permanent enhanced status code (IANA, SMTP Enhanced Status Codes Registry).
const details: Readonly<Record<string, FailureKind>> = {
  '1.7': 'configuration', // bad sender mailbox
  '1.8': 'configuration', // bad sender system
  '2.2': 'transient', // mailbox full
  '2.3': 'content', // message too long for this mailbox
  '3.1': 'transient', // mail system full
  '3.2': 'transient', // system not accepting messages
  '3.5': 'configuration', // system incorrectly configured
  '4.1': 'recipient', // no answer from host
  '4.4': 'recipient', // no route
  '4.6': 'configuration', // routing loop
  '7.2': 'recipient', // may not write to this list
  '7.17': 'recipient', // mailbox has changed its owner
  '7.18': 'recipient', // domain has changed its owner
  '7.19': 'content',
  '7.28': 'content', // mail flood
}

// What the details above do not name, by subject. Subject 0 says nothing.
const subjects: Readonly<Record<string, FailureKind>> = {
  1: 'recipient', // addressing
  2: 'recipient', // mailbox
  3: 'content', // mail system
  4: 'transient', // network
  5: 'configuration', // protocol
  6: 'content', // conversion
}

/**
 * The meaning of a refusal; undefined for anything that is not a 4yz or 5yz reply. The enhanced code goes before the basic one,
 * save for "other" codes (X.0.0, X.5.0, X.7.0), which say less. Whatever is temporary by either code is `transient`.
 */
export function meaningOf({ reply, command }: Refusal): ReplyMeaning | undefined {
  const match = /^([45]\d\d)(?:[ -](?:([245])\.(\d{1,3})\.(\d{1,3}))?|$)/.exec(reply)
  if (!match) return undefined
  const [, basic = '', enhancedClass, subject, detail] = match
  const enhanced = enhancedClass === undefined ? undefined : `${enhancedClass}.${Number(subject)}.${Number(detail)}`
  const code = enhanced ?? basic
  if (basic.startsWith('4') || enhancedClass === '4') return { kind: 'transient', code }
  const kind = enhancedClass === '5' ? kindOfEnhanced(Number(subject), Number(detail), reply, command) : undefined
  return { kind: kind ?? kindOfBasic(Number(basic), command), code }
}

function kindOfEnhanced(subject: number, detail: number, reply: string, command: string | undefined): FailureKind | undefined {
  if (detail === 0 && (subject === 5 || subject === 7)) return undefined
  if (subject === 7) return details[`7.${detail}`] ?? kindOfPolicy(detail, reply, command)
  const kind = details[`${subject}.${detail}`] ?? subjects[subject]
  return kind === 'recipient' && !isAboutMessage(command) ? 'configuration' : kind
}

/** Security and policy: how we log in and who we are is the account's fault, what is left is about this message. */
function kindOfPolicy(detail: number, reply: string, command: string | undefined): FailureKind {
  const aboutUs = (detail >= 3 && detail <= 16) || (detail >= 20 && detail <= 30)
  return aboutUs || /\brelay/i.test(reply) || !isAboutMessage(command) ? 'configuration' : 'content'
}

function kindOfBasic(basic: number, command: string | undefined): FailureKind {
  if (basic === 552) return 'content'
  if (basic === 556) return 'recipient' // domain takes no mail (RFC 7504)
  if (basic === 550 || basic === 551 || basic === 553) {
    if (command === 'DATA') return 'content'
    return isAboutMessage(command) ? 'recipient' : 'configuration'
  }
  return basic === 554 && isAboutMessage(command) ? 'content' : 'configuration'
}

/** Before `RCPT TO` a server knows the account and the sender, and nothing of the recipient or the message. */
function isAboutMessage(command: string | undefined): boolean {
  return command === undefined || command === 'RCPT TO' || command === 'DATA'
}
