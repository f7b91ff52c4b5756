import { Readable } from 'node:stream'
import {
  createTransport,
  type PluginFunction,
  type SMTPPoolOptions,
  type SMTPTransportOptions,
  type Transporter,
} from 'nodemailer'
import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendRequest } from '../contract/provider.ts'
import { unlessAborted } from '../wire/abort.ts'
import { base64Of, joined } from '../wire/bytes.ts'
import { fromRule, mailboxOf, recipientOf } from '../wire/mail.ts'
import { checkOptions, isText } from '../wire/options.ts'
import { vendorWords } from '../wire/redact.ts'
import { refusedTls } from '../wire/tls.ts'
import { fieldsOf } from './smtp/message.ts'
import { meaningOf } from './smtp/replies.ts'

/** A transporter of nodemailer, as `createTransport` gives it. */
export type SmtpTransporter = Pick<Transporter, 'sendMail' | 'use' | 'close'>

/** Options of `smtp`. Exactly one of `url`, `transport` and `transporter` says which server to use. */
export interface SmtpOptions {
  /** `smtp://user:pass@host:587` or `smtps://…`; nodemailer's options as its query, for example `?pool=true`. */
  readonly url?: string
  /** nodemailer's own options, for example `{ host, port, auth, pool: true }`. */
  readonly transport?: SMTPTransportOptions | (SMTPPoolOptions & { pool: true })
  /** A transporter of the app's own. `close` leaves it open. */
  readonly transporter?: SmtpTransporter
  /** The sender where the content names none: `a@example.org` or `Name <a@example.org>`. */
  readonly from: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Sends e-mail over SMTP with nodemailer (10 or later, a peer dependency). Acceptance by the server is all that is ever known.
 * The message id is the `Message-ID` (RFC 5322), made from the idempotency key. `content.vendor.smtp` takes nodemailer's
 * `priority`, `list` and `dsn`. A line break in an address, the subject or a header field, or one that is no string,
 * is refused before anything is connected.
 */
export function smtp(options: SmtpOptions): ChannelProvider<'email'> {
  checkSmtpOptions(options)
  const { name = 'smtp', limits } = options
  const sender = mailboxOf(options.from)!
  const transporter = transporterOf(options)
  const logIn = logInOf(transporter)
  const started = new Set<string>()
  transporter.use('stream', watchBody(started))

  const keyOf = ({ idempotencyKey }: SendRequest<'email'>) => messageIdOf(idempotencyKey, sender.address)
  return {
    name,
    channels: ['email'],
    receipts: 'none',
    ...(limits && { limits }),
    keys: (request) => [keyOf(request)],
    async send(request, { signal }) {
      const to = recipientOf(request.to)
      const { vendor, ...fields } = fieldsOf(request.content)
      const from = fields.from ?? sender
      const messageId = keyOf(request)
      const mail = {
        ...vendor,
        ...fields,
        from,
        to,
        messageId,
        // Named outright, so that neither a header field nor a transporter's own defaults can add a recipient.
        envelope: { from: from.address, to: [to.address] },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      }
      try {
        checkRejected(await unlessAborted(transporter.sendMail(mail), signal))
      } catch (error) {
        const local = to.address.slice(0, to.address.indexOf('@'))
        throw failureOf(error, started.has(messageId), [to.address, local, from.address, ...logIn])
      } finally {
        started.delete(messageId)
      }
      return { messageId }
    },
    async close() {
      if (!options.transporter) transporter.close()
    },
  }
}

function checkSmtpOptions(options: SmtpOptions): void {
  const { from, url, transport, transporter }: Partial<SmtpOptions> = options ?? {}
  const given = [url, transport, transporter].filter((one) => one !== undefined)
  const isUrl = url === undefined || (isText(url, /^smtps?:\/\/[^/]/i) && URL.canParse(url))
  checkOptions('smtp', [
    fromRule(from),
    given.length === 1
      ? ['url', url, isUrl, 'be an smtp:// or smtps:// URL with a host']
      : ['url', url, false, 'be given, or `transport` or `transporter` in its place: exactly one of them'],
  ])
}

function transporterOf({ url, transport, transporter }: SmtpOptions): SmtpTransporter {
  // nodemailer's pool sends again by itself after a lost connection; whether to do so is the cascade's decision.
  return transporter ?? createTransport({ maxRequeues: 0, ...transport, ...(url !== undefined && { url }) })
}

/** What nodemailer logs in with, if it does, also as `AUTH` writes it (RFC 4954): a server that takes that for a command quotes it. */
function logInOf(transporter: SmtpTransporter): readonly string[] {
  const { user = '', pass = '' } =
    (transporter as { transporter?: { options?: { auth?: { user?: string; pass?: string } } } }).transporter?.options?.auth ?? {}
  const encoded = [`${user}`, `${pass}`, `\u0000${user}\u0000${pass}`].map((text) => base64Of(joined([text])).replace(/=+$/, ''))
  return user === '' && pass === '' ? [] : [user, pass, ...encoded]
}

/** The same for each repetition of one attempt, so that a mailbox that merges equal messages shows one. */
function messageIdOf(idempotencyKey: string, from: string): string {
  const local = encodeURIComponent(idempotencyKey).replace(/[()]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  return `<${local}@${from.slice(from.indexOf('@') + 1)}>`
}

/** Notes which messages a server has begun to take: the body is read only once the server has answered `DATA` with 354. */
function watchBody(started: Set<string>): PluginFunction {
  async function* noted(body: AsyncIterable<Uint8Array>, id: string) {
    started.add(id)
    yield* body
  }
  return ({ data, message }, done) => {
    const id = String(data.messageId)
    message.processFunc((input) => Readable.from(noted(input, id), { objectMode: false }))
    done()
  }
}

/** A server may take a message and refuse its only recipient (LMTP does). */
function checkRejected(result: unknown): void {
  const { rejected, rejectedErrors } = result as { rejected?: readonly unknown[]; rejectedErrors?: readonly unknown[] }
  if (rejected?.length) throw rejectedErrors?.[0] ?? { code: 'EENVELOPE' }
}

// nodemailer's own codes, for failures that came without a reply of the server.
const kinds: Readonly<Record<string, FailureKind>> = {
  EAUTH: 'configuration',
  ENOAUTH: 'configuration',
  EOAUTH2: 'configuration',
  ECONFIG: 'configuration',
  ETLS: 'configuration',
  EREQUIRETLS: 'configuration',
  ERR_ACCESS_DENIED: 'configuration',
  EENVELOPE: 'recipient',
  EMESSAGE: 'content',
}

/** `started`: the server had begun to take the message, so that only its reply can tell what became of it. */
function failureOf(error: unknown, started: boolean, secrets: readonly (string | undefined)[]): SendError {
  const { code, originalCode, response, command } = (error ?? {}) as Readonly<Record<string, unknown>>
  const reply = typeof response === 'string' ? response : ''
  const meaning = meaningOf({ reply, command: typeof command === 'string' ? command : undefined })
  if (meaning) {
    const { kind, code: replyCode } = meaning
    return new SendError(kind, vendorWords(reply, secrets), { code: replyCode })
  }
  const name = [originalCode, code].find((given) => typeof given === 'string')
  if (started) return new SendError('unknown', 'the mail server was lost while it took the message', { code: name })
  const kind = refusedTls.test(name ?? '') ? 'configuration' : (kinds[String(code)] ?? 'transient')
  return new SendError(kind, 'the message did not reach the mail server', { code: name })
}
