import { createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { createTransport } from 'nodemailer'
import type { SendError } from 'omnicascade'
import { type SmtpOptions, smtp } from 'omnicascade/providers/smtp'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import type { ChannelProvider, SendRequest } from '../../src/contract/provider.ts'
import { meaningOf } from '../../src/providers/smtp/replies.ts'
import { failureOf, thrownBy } from './failures.ts'

const opened: (() => Promise<unknown> | undefined)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

const from = 'Shop <shop@shop.example>'
const ada = 'ada.lovelace@example.org'
const plain: EmailContent = { subject: 'Hello', text: 'Hi Ada' }
const forever = { signal: new AbortController().signal }

const requestFor = (content: EmailContent = plain, to: unknown = ada): SendRequest<'email'> => ({
  channel: 'email',
  to: to as string,
  content,
  recipient: { email: ada },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 60_000,
})

const open = (provider: ChannelProvider<'email'>) => {
  opened.push(() => provider.close?.())
  return provider
}

const failure = async (sending: Promise<unknown>): Promise<SendError> => {
  const error = await failureOf(sending)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(ada)
  return error
}

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly source: string
}

/** A real SMTP server that keeps what it is sent. */
async function mailServer(options: SMTPServerOptions = {}): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, { envelope }, done) {
      let source = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        source += chunk
      })
      stream.on('end', () => {
        const sender = envelope.mailFrom ? envelope.mailFrom.address : ''
        received.push({ from: sender, to: envelope.rcptTo.map(({ address }) => address), source })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(() => new Promise<void>((resolve) => server.close(resolve)))
  const address = server.server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, received }
}

type Step = 'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'body'
/** A reply, or what a server does in its place. */
type Act = string | 'drop' | 'hang'

/** A server that answers by a script; what the script leaves out goes well. */
async function scripted(script: Partial<Record<Step, Act | ((nth: number) => Act)>>) {
  const sockets = new Set<Socket>()
  const reached: Step[] = []
  const well: Record<Step, string> = {
    greeting: '220 mx.example ESMTP',
    EHLO: '250 mx.example',
    MAIL: '250 2.1.0 Ok',
    RCPT: '250 2.1.5 Ok',
    DATA: '354 Go on',
    body: '250 2.0.0 Ok: queued',
  }
  let watch: (step: Step) => void = () => {}
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const act = (step: Step) => {
      const nth = reached.filter((before) => before === step).length
      reached.push(step)
      const planned = script[step] ?? well[step]
      const done = typeof planned === 'function' ? planned(nth) : planned
      if (done === 'drop') socket.destroy()
      else if (done !== 'hang') socket.write(`${done}\r\n`)
      watch(step)
      return done
    }
    let rest = ''
    let body = false
    socket.setEncoding('latin1').on('data', (data: string) => {
      rest += data
      for (;;) {
        const end = rest.indexOf(body ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const line = rest.slice(0, end)
        rest = rest.slice(end + (body ? 5 : 2))
        const verb = line.slice(0, 4).toUpperCase()
        if (body) {
          body = false
          act('body')
        } else if (verb === 'EHLO' || verb === 'HELO') act('EHLO')
        else if (verb === 'MAIL' || verb === 'RCPT') act(verb)
        else if (verb === 'DATA') body = act('DATA').startsWith('354')
        else socket.write('250 Ok\r\n')
      }
    })
    act('greeting')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  return {
    url: `smtp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    reached,
    sockets,
    /** Fulfilled when a client gets as far as `step`. */
    reaches: (step: Step) =>
      new Promise<void>((resolve) => {
        watch = (at) => at === step && resolve()
      }),
  }
}

describe('smtp delivers', () => {
  test('a message with text, HTML, a reply address and header fields', async () => {
    const { port, received } = await mailServer()
    const provider = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    const result = await provider.send(
      requestFor({
        subject: 'Příliš žluťoučký',
        text: 'Hi Ada\n.\n..end',
        html: '<p>Hi <b>Ada</b></p>',
        replyTo: '"Help, please" <help@shop.example>',
        headers: { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', 'X-Order': '42' },
        vendor: { smtp: { list: { unsubscribe: 'https://shop.example/u' }, priority: 'high' } },
      }),
      forever,
    )
    expect(result).toEqual({ messageId: '<n1.0.0@shop.example>' })
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ from: 'shop@shop.example', to: [ada] })
    const source = received[0]?.source ?? ''
    for (const line of [
      'From: Shop <shop@shop.example>',
      `To: ${ada}`,
      'Reply-To: "Help, please" <help@shop.example>',
      'Message-ID: <n1.0.0@shop.example>',
      'X-Order: 42',
      'List-Unsubscribe: <https://shop.example/u>',
      'X-Priority: 1 (Highest)',
      'Subject: =?UTF-8?Q?',
      'Hi Ada\r\n.\r\n..end',
      '<p>Hi <b>Ada</b></p>',
    ]) {
      expect(source).toContain(line)
    }
  })

  test('from the sender that the content names', async () => {
    const { port, received } = await mailServer()
    await open(smtp({ url: `smtp://127.0.0.1:${port}`, from })).send(
      requestFor({ ...plain, from: 'Ops <ops@shop.example>' }),
      forever,
    )
    expect(received[0]).toMatchObject({
      from: 'ops@shop.example',
      source: expect.stringContaining('From: Ops <ops@shop.example>'),
    })
  })

  test('with the same Message-ID however often an attempt is repeated, and tells it before', async () => {
    const { port, received } = await mailServer()
    const provider = open(smtp({ transport: { host: '127.0.0.1', port, pool: true }, from }))
    const request = { ...requestFor(), idempotencyKey: 'a (b)/c.0.1' }
    const keys = provider.keys?.(request)
    expect(keys).toEqual(['<a%20%28b%29%2Fc.0.1@shop.example>'])
    await provider.send(request, forever)
    await provider.send(request, forever)
    expect(received.map(({ source }) => /^Message-ID: (.*)$/m.exec(source)?.[1]?.trim())).toEqual([keys?.[0], keys?.[0]])
  })

  test('over one connection where pooled', async () => {
    const server = await scripted({})
    const provider = open(smtp({ url: `${server.url}/?pool=true&maxConnections=1`, from }))
    await provider.send(requestFor(), forever)
    await provider.send(requestFor(), forever)
    expect(server.reached.filter((step) => step === 'greeting')).toHaveLength(1)
    expect(server.reached.filter((step) => step === 'body')).toHaveLength(2)
  })

  test('through a transporter of the app, and leaves it open', async () => {
    const { port, received } = await mailServer()
    const transporter = createTransport({ host: '127.0.0.1', port, pool: true })
    const provider = smtp({ transporter, from })
    await provider.send(requestFor(), forever)
    await provider.close?.()
    await transporter.sendMail({ from, to: ada, subject: 'x', text: 'y' })
    transporter.close()
    expect(received).toHaveLength(2)
  })

  test('to nobody but the recipient', async () => {
    const { port, received } = await mailServer()
    const provider = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    await provider.send(requestFor({ ...plain, headers: { 'X-Bcc': 'eve@example.net' } }), forever)
    expect(received[0]?.to).toEqual([ada])
    const hidden = requestFor({ ...plain, headers: { BCC: 'eve@example.net' } })
    expect(await failure(provider.send(hidden, forever))).toMatchObject({ kind: 'content', field: 'headers.BCC' })
  })

  test('to nobody whom a transporter of the app would add', async () => {
    const { port, received } = await mailServer()
    const transporter = createTransport({ host: '127.0.0.1', port }, { bcc: 'eve@example.net' })
    await smtp({ transporter, from }).send(requestFor(), forever)
    expect(received.map(({ to }) => to)).toEqual([[ada]])
  })

  test('logged in, and says so when the server does not know the password', async () => {
    const { port, received } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, done) =>
        username === 'shop@x' && password === 'p:ss/w' ? done(null, { user: 1 }) : done(new Error('Invalid login')),
    })
    const good = open(
      smtp({ url: `smtp://${encodeURIComponent('shop@x')}:${encodeURIComponent('p:ss/w')}@127.0.0.1:${port}`, from }),
    )
    await good.send(requestFor(), forever)
    expect(received).toHaveLength(1)
    const bad = open(smtp({ url: `smtp://shop:wrong-password@127.0.0.1:${port}`, from }))
    const error = await failure(bad.send(requestFor(), forever))
    expect(error).toMatchObject({ kind: 'configuration', vendorCode: '535' })
    expect(inspect([error, good, bad], { depth: 10, showHidden: true })).not.toMatch(/wrong-password|p:ss|p%3Ass/)
    const none = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    expect(await failure(none.send(requestFor(), forever))).toMatchObject({ kind: 'configuration', vendorCode: '530' })
  })

  test('over TLS, and refuses a certificate that nobody vouches for', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {}) // smtp-server warns of its own certificate
    const { port, received } = await mailServer({ disabledCommands: [] })
    const trusting = open(smtp({ url: `smtp://127.0.0.1:${port}/?requireTLS=true&tls.rejectUnauthorized=false`, from }))
    await trusting.send(requestFor(), forever)
    const strict = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    expect(await failure(strict.send(requestFor(), forever))).toMatchObject({ kind: 'configuration' })
    const secure = await mailServer({ secure: true })
    const strictToo = open(smtp({ url: `smtps://127.0.0.1:${secure.port}`, from }))
    expect(await failure(strictToo.send(requestFor(), forever))).toMatchObject({
      kind: 'configuration',
      vendorCode: expect.stringContaining('CERT'),
    })
    const mistaken = open(smtp({ url: `smtps://127.0.0.1:${port}`, from }))
    expect(await failure(mistaken.send(requestFor(), forever))).toMatchObject({ kind: 'configuration' })
    expect([...received, ...secure.received]).toHaveLength(1)
  })
})

describe('smtp tells by the server’s reply what is at fault', () => {
  test.each<[Step, string, SendError['kind'], string]>([
    ['greeting', '421 4.3.2 Shutting down', 'transient', '4.3.2'],
    ['greeting', '554 No service for you', 'configuration', '554'],
    ['EHLO', '550 5.7.1 Blocked', 'configuration', '5.7.1'],
    ['MAIL', '451 4.7.1 Try later', 'transient', '4.7.1'],
    ['MAIL', '550 5.1.8 Sender address rejected', 'configuration', '5.1.8'],
    ['MAIL', '550 5.1.0 Sender rejected', 'configuration', '5.1.0'],
    ['MAIL', '553 Not allowed', 'configuration', '553'],
    ['RCPT', '450 4.2.0 Greylisted', 'transient', '4.2.0'],
    ['RCPT', '452 4.2.2 Mailbox full', 'transient', '4.2.2'],
    ['RCPT', `550 5.1.1 <${ada}>: no such user`, 'recipient', '5.1.1'],
    ['RCPT', '550 No such user here', 'recipient', '550'],
    ['RCPT', '550 5.5.0 Mailbox unavailable', 'recipient', '5.5.0'],
    ['RCPT', '556 5.1.10 Null MX', 'recipient', '5.1.10'],
    ['RCPT', '552 5.2.2 Over quota', 'transient', '5.2.2'],
    ['RCPT', '554 5.7.1 Relay access denied', 'configuration', '5.7.1'],
    ['RCPT', '554 5.7.1 Message policy', 'content', '5.7.1'],
    ['DATA', '451 4.3.0 Try later', 'transient', '4.3.0'],
    ['body', '552 5.3.4 Message too big', 'content', '5.3.4'],
    ['body', '554 5.6.0 Content rejected', 'content', '5.6.0'],
    ['body', '550 Spam', 'content', '550'],
    ['body', '550 5.7.26 Unauthenticated mail', 'configuration', '5.7.26'],
    ['body', '451 4.3.2 Please try again', 'transient', '4.3.2'],
  ])('%s: %s', async (step, reply, kind, code) => {
    const server = await scripted({ [step]: reply })
    expect(await failure(open(smtp({ url: server.url, from })).send(requestFor(), forever))).toMatchObject({
      kind,
      vendorCode: code,
    })
  })

  test('shows the server’s words without the address', async () => {
    const server = await scripted({ RCPT: `550-5.1.1 The account ${ada}\r\n550 5.1.1 (ada.lovelace) is disabled` })
    const error = await failure(open(smtp({ url: server.url, from })).send(requestFor(), forever))
    expect(error.message).toBe('550-5.1.1 The account [redacted] 550 5.1.1 ([redacted]) is disabled')
  })

  test('nor the recipient in lower case, the sender or the user that logs in', async () => {
    const { port } = await mailServer({
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(null, { user: 1 }),
      onRcptTo: (_address, _session, done) =>
        done(
          Object.assign(new Error(`5.1.1 <${ada}>: unknown (ada.lovelace, from SHOP@shop.example, user MailUser)`), {
            responseCode: 550,
          }),
        ),
    })
    const provider = open(smtp({ url: `smtp://mailuser:secret@127.0.0.1:${port}`, from }))
    const { message, kind } = await failure(provider.send(requestFor(plain, 'Ada.Lovelace@Example.org'), forever))
    expect([message, kind]).toEqual([
      '550 5.1.1 <[redacted]>: unknown ([redacted], from [redacted], user [redacted])',
      'recipient',
    ])
  })

  test('believes a server that takes a message and then refuses its only recipient', async () => {
    const server = await scripted({ EHLO: '250 x', body: `550 5.1.1 <${ada}> unknown` })
    const provider = open(smtp({ url: `${server.url}/?lmtp=true`, from }))
    // LMTP greets with LHLO, which the script answers like any other command.
    expect(await failure(provider.send(requestFor(), forever))).toMatchObject({ kind: 'recipient', vendorCode: '5.1.1' })
  })

  const registry: [string, string | undefined, SendError['kind'] | undefined][] = [
    ['550 5.1.2 x', 'RCPT TO', 'recipient'],
    ['550 5.1.3 x', 'RCPT TO', 'recipient'],
    ['550 5.1.6 x', 'RCPT TO', 'recipient'],
    ['550 5.1.7 x', 'RCPT TO', 'configuration'],
    ['550 5.2.1 x', 'RCPT TO', 'recipient'],
    ['552 5.2.3 x', 'RCPT TO', 'content'],
    ['550 5.3.5 x', 'RCPT TO', 'configuration'],
    ['550 5.4.1 x', 'RCPT TO', 'recipient'],
    ['550 5.4.4 x', 'RCPT TO', 'recipient'],
    ['554 5.4.6 x', 'DATA', 'configuration'],
    ['550 4.4.7 x', 'DATA', 'transient'],
    ['503 5.5.1 x', 'RCPT TO', 'configuration'],
    ['530 5.7.0 x', 'MAIL FROM', 'configuration'],
    ['550 5.7.0 x', 'DATA', 'content'],
    ['535 5.7.8 x', 'AUTH PLAIN', 'configuration'],
    ['534 5.7.9 x', 'AUTH PLAIN', 'configuration'],
    ['534 5.7.14 x', 'AUTH PLAIN', 'configuration'],
    ['550 5.7.9 x', 'DATA', 'configuration'],
    ['530 5.7.0 x', 'RCPT TO', 'configuration'],
    ['550 5.7.20 x', 'DATA', 'configuration'],
    ['550 5.7.25 x', 'DATA', 'configuration'],
    ['550 5.7.17 x', 'RCPT TO', 'recipient'],
    ['554 5.0.0 x', 'DATA', 'content'],
    ['550 5.0.0 x', 'RCPT TO', 'recipient'],
    ['500 x', 'MAIL FROM', 'configuration'],
    ['504 x', 'AUTH PLAIN', 'configuration'],
    ['551 x', 'RCPT TO', 'recipient'],
    ['550 x', undefined, 'recipient'],
    ['556 x', 'RCPT TO', 'recipient'],
    ['550', 'RCPT TO', 'recipient'],
    ['550 5.01.001 x', 'RCPT TO', 'recipient'],
    ['250 2.0.0 Ok', 'DATA', undefined],
    ['5501 x', 'DATA', undefined],
    ['', 'DATA', undefined],
  ]
  test.each(registry)('reads %j to %s as %s', (reply, command, kind) => {
    expect(meaningOf({ reply, command })?.kind).toBe(kind)
  })

  test('has a meaning for every refusal, and calls everything temporary transient', () => {
    const detail = fc.integer({ min: 0, max: 999 })
    const enhanced = fc.option(fc.tuple(fc.constantFrom(2, 4, 5), detail, detail), { nil: undefined })
    const command = fc.constantFrom(undefined, 'CONN', 'EHLO', 'AUTH PLAIN', 'MAIL FROM', 'RCPT TO', 'DATA')
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), enhanced, command, fc.string(), (basic, status, command, words) => {
        const meaning = meaningOf({ reply: `${basic} ${status ? `${status.join('.')} ` : ''}${words}`, command })
        const temporary = basic < 500 || status?.[0] === 4
        return meaning !== undefined && (!temporary || meaning.kind === 'transient') && /^\d[.\d]+$/.test(meaning.code)
      }),
    )
  })
})

describe('smtp knows how far a lost message had come', () => {
  test.each<[Step, SendError['kind']]>([
    ['greeting', 'transient'],
    ['EHLO', 'transient'],
    ['MAIL', 'transient'],
    ['RCPT', 'transient'],
    ['DATA', 'transient'],
    ['body', 'unknown'],
  ])('when the server hangs up at %s: %s', async (step, kind) => {
    const server = await scripted({ [step]: 'drop' })
    expect(await failure(open(smtp({ url: server.url, from })).send(requestFor(), forever))).toMatchObject({ kind })
  })

  test.each<[Step, SendError['kind']]>([
    ['greeting', 'transient'],
    ['RCPT', 'transient'],
    ['DATA', 'transient'],
    ['body', 'unknown'],
  ])('when its time is over while the server is silent at %s: %s, and hangs up', async (step, kind) => {
    const server = await scripted({ [step]: 'hang' })
    const call = new AbortController()
    const sending = failure(open(smtp({ url: server.url, from })).send(requestFor(), { signal: call.signal }))
    await server.reaches(step)
    const [socket] = server.sockets
    const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()))
    call.abort()
    expect(await sending).toMatchObject({ kind })
    await closed
  })

  test('when the server never answers the message and nodemailer gives up: unknown', async () => {
    const server = await scripted({ body: 'hang' })
    const { hostname, port } = new URL(server.url)
    const provider = open(smtp({ transport: { host: hostname, port: Number(port), socketTimeout: 50 }, from }))
    expect(await failure(provider.send(requestFor(), forever))).toMatchObject({ kind: 'unknown', vendorCode: 'ETIMEDOUT' })
  })

  test.each([
    ['plain', ''],
    ['pooled', '?pool=true'],
  ])('sends a message whose fate is unknown only once (%s)', async (_, query) => {
    const server = await scripted({ body: 'drop' })
    const provider = open(smtp({ url: `${server.url}/${query}`, from }))
    expect(await failure(provider.send(requestFor(), forever))).toMatchObject({ kind: 'unknown' })
    expect(server.reached.filter((step) => step === 'body')).toHaveLength(1)
  })

  test('a pooled connection that was dropped meanwhile costs nothing but a retry', async () => {
    const server = await scripted({ MAIL: (nth) => (nth === 1 ? 'drop' : '250 Ok') })
    const provider = open(smtp({ url: `${server.url}/?pool=true&maxConnections=1`, from }))
    await provider.send(requestFor(), forever)
    expect(await failure(provider.send(requestFor(), forever))).toMatchObject({ kind: 'transient' })
    await provider.send(requestFor(), forever)
    expect(server.reached.filter((step) => step === 'body')).toHaveLength(2)
  })

  test('nothing is connected once its time is over', async () => {
    const server = await scripted({})
    const provider = open(smtp({ url: server.url, from }))
    expect(await failure(provider.send(requestFor(), { signal: AbortSignal.abort() }))).toMatchObject({ kind: 'transient' })
    expect(server.reached).toEqual([])
  })

  test('a refused connection is transient', async () => {
    const server = await scripted({})
    await opened.pop()?.()
    const error = await failure(open(smtp({ url: server.url, from })).send(requestFor(), forever))
    expect(error).toMatchObject({ kind: 'transient', vendorCode: 'ECONNREFUSED' })
  })

  test('a server that speaks no TLS is the account’s fault, however the transporter names that', async () => {
    const error = Object.assign(new Error(ada), { code: 'ESOCKET', originalCode: 'ERR_SSL_WRONG_VERSION_NUMBER' })
    const transporter = { sendMail: () => Promise.reject(error), use: () => undefined, close: () => undefined } as never
    expect(await failure(smtp({ transporter, from }).send(requestFor(), forever))).toMatchObject({
      kind: 'configuration',
      vendorCode: 'ERR_SSL_WRONG_VERSION_NUMBER',
    })
  })

  test('a transporter that ignores the signal, or throws nonsense, is cut and classified all the same', async () => {
    const transporter = (sendMail: () => Promise<never>) => ({ sendMail, use: () => undefined, close: () => undefined }) as never
    const call = new AbortController()
    const hanging = smtp({ transporter: transporter(() => new Promise(() => call.abort())), from })
    expect(await failure(hanging.send(requestFor(), { signal: call.signal }))).toMatchObject({ kind: 'transient' })
    for (const nonsense of [null, undefined, 'no', new Error(ada), { code: 5 }]) {
      const throwing = smtp({ transporter: transporter(() => Promise.reject(nonsense)), from })
      expect(await failure(throwing.send(requestFor(), forever))).toMatchObject({ kind: 'transient' })
    }
  })
})

describe('smtp lets no one add a header field or a recipient', () => {
  const bad = ['\r\nBcc: eve@example.net', '\nX: y', '\r.', '\u2028', '\u0000', '\u0085']
  const at: [string, (evil: string) => EmailContent][] = [
    ['subject', (evil) => ({ ...plain, subject: `Hello${evil}` })],
    ['from', (evil) => ({ ...plain, from: `Shop${evil} <shop@shop.example>` })],
    ['from', (evil) => ({ ...plain, from: `shop@shop.example${evil}` })],
    ['replyTo', (evil) => ({ ...plain, replyTo: `"Help${evil}" <help@shop.example>` })],
    ['replyTo', (evil) => ({ ...plain, replyTo: `help${evil}@shop.example` })],
    ['headers.X-Order', (evil) => ({ ...plain, headers: { 'X-Order': `1${evil}` } })],
    ['vendor.smtp.list', (evil) => ({ ...plain, vendor: { smtp: { list: { help: [{ url: 'https://x', comment: evil }] } } } })],
    ['vendor.smtp.priority', (evil) => ({ ...plain, vendor: { smtp: { priority: `high${evil}` } } })],
  ]
  const cases = at.flatMap(([field, make]) => bad.map((evil) => [field, JSON.stringify(evil), make(evil)] as const))

  test.each(cases)('by %s with %s', async (field, _, content) => {
    const server = await scripted({})
    const provider = open(smtp({ url: server.url, from }))
    expect(await failure(provider.send(requestFor(content), forever))).toMatchObject({ kind: 'content', field })
    expect(server.reached).toEqual([])
  })

  const evil = 'a\r\nX-Injected: 1'
  const prepared = { prepared: true, value: evil }
  test.each<[string, object]>([
    ['headers.X-A', { headers: { 'X-A': prepared } }],
    ['headers.X-A', { headers: { 'X-A': [prepared] } }],
    ['headers.X-A', { headers: { 'X-A': 1 } }],
    ['headers.0', { headers: [{ key: 'X-A', value: prepared }] }],
    ['headers', { headers: evil }],
    ['subject', { subject: prepared }],
    ['subject', { subject: [evil] }],
    ['from', { from: { name: evil, address: 'shop@shop.example' } }],
    ['from', { from: ['Shop <shop@shop.example>'] }],
    ['replyTo', { replyTo: [{ address: 'help@shop.example' }, 'eve@example.net'] }],
    ['replyTo', { replyTo: null }],
    ['text', { text: { raw: `X-Injected: 1\r\n\r\n${evil}` } }],
    ['html', { html: [evil] }],
  ])('by %s that is no string: %j', async (field, own) => {
    const { port, received } = await mailServer()
    const provider = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    const sending = provider.send(requestFor({ ...plain, ...own } as EmailContent), forever)
    expect(await failure(sending)).toMatchObject({ kind: 'content', field, message: expect.stringContaining(field) })
    expect(received).toEqual([])
  })

  test.each(bad)('by the name of a header field with %j', async (evil) => {
    const server = await scripted({})
    const content = { ...plain, headers: { [`X${evil}`]: '1' } }
    expect(await failure(open(smtp({ url: server.url, from })).send(requestFor(content), forever))).toMatchObject({
      kind: 'content',
    })
    expect(server.reached).toEqual([])
  })

  test.each([
    ...bad.map((evil) => `${ada}${evil}`),
    `${ada}, eve@example.net`,
    `${ada};eve@example.net`,
    `Ada <${ada}>`,
    ` ${ada}`,
    'ada',
    '@example.org',
    'ada@',
    'a@b@example.org',
    'a..b@example.org',
    'ada@-x.org',
    'ada@[127.0.0.1]',
    `${'a'.repeat(65)}@example.org`,
    '',
    null,
    42,
  ])('by the address %j, which is not one', async (to) => {
    const server = await scripted({})
    const error = await failure(open(smtp({ url: server.url, from })).send(requestFor(plain, to), forever))
    expect(error).toMatchObject({ kind: 'recipient', message: 'this is not one e-mail address' })
    expect(server.reached).toEqual([])
  })

  test.each([
    'To',
    'cc',
    'BCC',
    'from',
    'Sender',
    'Subject',
    'Message-ID',
    'Date',
    'Content-Type',
    'MIME-Version',
    'Return-Path',
  ])('by a header field %s of its own', async (name) => {
    const provider = open(smtp({ url: 'smtp://127.0.0.1:1', from }))
    const content = { ...plain, headers: { [name]: 'x' } }
    expect(await failure(provider.send(requestFor(content), forever))).toMatchObject({
      kind: 'content',
      field: `headers.${name}`,
    })
  })

  test('by fields that nodemailer would read a file or a URL for', async () => {
    const provider = open(smtp({ url: 'smtp://127.0.0.1:1', from }))
    const content = { ...plain, vendor: { smtp: { attachments: [{ path: '/etc/passwd' }] } } }
    expect(await failure(provider.send(requestFor(content), forever))).toMatchObject({
      kind: 'content',
      field: 'vendor.smtp.attachments',
    })
  })

  test('and takes no message without a text', async () => {
    const provider = open(smtp({ url: 'smtp://127.0.0.1:1', from }))
    expect(await failure(provider.send(requestFor({ subject: 'x' }), forever))).toMatchObject({ kind: 'content', field: 'text' })
  })

  test('takes addresses as people have them', async () => {
    const { port, received } = await mailServer()
    const provider = open(smtp({ url: `smtp://127.0.0.1:${port}`, from }))
    const addresses = ["o'neil+tag@sub.example.org", 'a_b-c=d@example.co', 'ada@localhost', 'info@háčkyčárky.example']
    for (const to of addresses) await provider.send(requestFor(plain, to), forever)
    expect(received.map(({ to }) => to[0])).toEqual(addresses)
  })
})

describe('smtp refuses options that cannot work', () => {
  test.each([
    ['no options', undefined, ['from', 'url']],
    ['no server', { from }, ['url']],
    ['a server that is undefined', { from, url: undefined }, ['url']],
    ['two servers', { from, url: 'smtp://127.0.0.1', transport: {} }, ['url']],
    ['another kind of URL', { from, url: 'https://secret@mail.example' }, ['url']],
    ['a URL without a host', { from, url: 'smtp:' }, ['url']],
    ['an empty URL', { from, url: '' }, ['url']],
    ['no sender', { url: 'smtp://127.0.0.1', from: '' }, ['from']],
    ['a sender that is undefined', { url: 'smtp://127.0.0.1', from: undefined }, ['from']],
    ['several senders', { url: 'smtp://127.0.0.1', from: 'a@x.example, b@x.example' }, ['from']],
    ['a sender with a line break', { url: 'smtp://127.0.0.1', from: 'a@x.example\r\n' }, ['from']],
  ])('%s', (_, options, paths) => {
    const error = thrownBy(() => smtp(options as SmtpOptions))
    expect(error.code).toBe('invalid-options')
    expect(error.issues.map(({ path }) => path)).toEqual(paths)
    expect(inspect(error)).not.toContain('secret')
  })
})
