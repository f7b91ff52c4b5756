import { createServer } from 'node:net'
import { smtp } from 'omnicascade/providers/smtp'
import { SMTPServer } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { SendError } from '../../src/contract/errors.ts'
import { injections, mailFor } from '../support/mail.ts'
import { mailSubjects } from './subjects/mail.ts'
import { expectHidden, formsOf, nothing, sendAt, shown, theWorld } from './support.ts'

const from = 'Shop <shop@example.org>'
const context = { signal: new AbortController().signal }

interface Taken {
  readonly to: readonly string[]
  readonly source: string
}

/** A real SMTP server on loopback. */
async function mailServer(): Promise<{ url: string; taken: Taken[] }> {
  const taken: Taken[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        taken.push({ to: envelope.rcptTo.map(({ address }) => address), source: Buffer.concat(chunks).toString('latin1') })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  return { url: `smtp://127.0.0.1:${portOf(server.server.address())}`, taken }
}

/** A server that answers each command, and keeps every byte of the mails as they came over the wire. */
async function byteServer(
  answer: (line: string) => string | undefined = () => undefined,
): Promise<{ url: string; commands: string[]; bytes: () => string }> {
  const commands: string[] = []
  let mail = ''
  const server = createServer((socket) => {
    let inMail = false
    let rest = ''
    socket.setEncoding('latin1')
    socket.write('220 ready\r\n')
    socket.on('error', () => {})
    socket.on('data', (chunk: string) => {
      if (inMail) mail += chunk
      else rest += chunk
      if (inMail && mail.endsWith('\r\n.\r\n')) {
        inMail = false
        socket.write('250 2.0.0 taken\r\n')
      }
      for (let end = rest.indexOf('\r\n'); !inMail && end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        commands.push(line)
        const isData = line === 'DATA'
        socket.write(
          `${answer(line) ?? (isData ? '354 go on' : line.startsWith('EHLO') ? '250-here\r\n250 AUTH PLAIN LOGIN' : '250 ok')}\r\n`,
        )
        inMail = isData
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${portOf(server.address())}`, commands, bytes: () => mail }
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Ends of a mail as one server or another reads them, each with a second mail behind it (SMTP smuggling). */
const ends = [
  '\r\n.\r\n',
  '\n.\n',
  '\r.\r',
  '\n.\r\n',
  '\r\n.\n',
  '\r\n.\r',
  '\r.\r\n',
  '\r\n\u0000.\r\n',
  '\r\n.\u0000\r\n',
  '.\r\n',
  '\r\r\n.\r\r\n',
]
const smuggled = 'MAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n'

describe('smtp', () => {
  test.each(ends)('sends one mail, however its text ends another: %j', async (end) => {
    const contents: EmailContent[] = [
      { subject: 'Hi', text: `Hello${end}${smuggled}` },
      { subject: 'Hi', html: `<p>Hello${end}${smuggled}` },
      { subject: 'Hi', text: `${end}${smuggled}`, html: `.\r\n${end}${smuggled}` },
    ]
    for (const content of contents) {
      const { url, taken } = await mailServer()
      const provider = smtp({ url, from })
      await provider.send(mailFor(content), context)
      await provider.close?.()
      expect(taken.map(({ to }) => to)).toEqual([['ada.lovelace@example.org']])
      const { url: raw, commands, bytes } = await byteServer()
      const other = smtp({ url: raw, from })
      await other.send(mailFor(content), context)
      await other.close?.()
      expect(commands.filter((line) => /^(MAIL|RCPT|DATA)/i.test(line))).toHaveLength(3)
      const body = bytes().slice(0, -'.\r\n'.length)
      // No line of one full stop, and no CR or LF that is not part of a line break.
      expect(body).not.toMatch(/^\.\r?$/m)
      expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    }
  })

  test.each(injections.filter(([, , field]) => field !== 'text'))('connects to nobody for %s', async (_, content) => {
    const { url, commands } = await byteServer()
    const provider = smtp({ url, from })
    await expect(provider.send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content' })
    await provider.close?.()
    expect(commands).toEqual([])
  })

  test.each([
    'ada@example.org\r\nRCPT TO:<evil@evil.example>',
    'ada@example.org>\r\nDATA',
    'ada@example.org, evil@evil.example',
    'ada@example.org evil@evil.example',
    '<ada@example.org> ORCPT=rfc822;evil',
    'ada@example.org> SIZE=1',
    '"ada\r\n"@example.org',
    'ada@[127.0.0.1]',
    'ada@exa\u0000mple.org',
    'evil.example!ada@example.org',
    'ada%evil.example@example.org@evil.example',
    '@evil.example:ada@example.org',
  ])('names one recipient at most in its envelope: %j', async (to) => {
    const { url, commands } = await byteServer()
    const provider = smtp({ url, from })
    const error = await provider.send(mailFor({ subject: 'Hi', text: 'x' }, to), context).catch((failure: unknown) => failure)
    await provider.close?.()
    const named = commands.filter((line) => line.startsWith('RCPT'))
    if (to === 'evil.example!ada@example.org') expect(named).toEqual([`RCPT TO:<${to}>`])
    else expect([named, (error as SendError).kind]).toEqual([[], 'recipient'])
  })

  test('reads no file and calls no host for what a content names', async () => {
    const { url, taken } = await mailServer()
    const provider = smtp({ url, from })
    const path = { path: '/etc/passwd' } as never
    for (const content of [
      { subject: 'Hi', text: path },
      { subject: 'Hi', html: { href: 'http://169.254.169.254/' } as never },
    ])
      await expect(provider.send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content' })
    await provider.send(
      mailFor({ subject: 'Hi', html: '<img src="file:///etc/passwd"><img src="http://169.254.169.254/">' }),
      context,
    )
    await provider.close?.()
    expect(taken).toHaveLength(1)
    expect(taken[0]!.source).not.toMatch(/root:|image\//)
  })

  test.each(['AUTH PLAIN', 'AUTH LOGIN', 'AUTH', 'MAIL', 'RCPT'])(
    'shows no password where a server quotes what it was sent (%s)',
    async (method) => {
      const [subject] = mailSubjects as [(typeof mailSubjects)[0]]
      const { url } = await byteServer((line) =>
        line.startsWith('EHLO')
          ? `250-here\r\n250 ${method.startsWith('AUTH ') ? method : 'AUTH PLAIN'}`
          : line.startsWith('AUTH LOGIN')
            ? '334 VXNlcm5hbWU6'
            : line.startsWith(method.split(' ')[0]!) || method === 'AUTH LOGIN'
              ? `502 5.5.1 unrecognized command "${line}" from shop smtp-passw0rd`
              : /^AUTH/.test(line)
                ? '235 2.7.0 in'
                : undefined,
      )
      const provider = subject.create(url)
      const error = await provider.send(subject.requests[0]!, context).catch((failure: unknown) => failure)
      await provider.close?.()
      expect(error).toBeInstanceOf(SendError)
      expectHidden(
        shown(error),
        [...formsOf(subject), Buffer.from('\0shop\0smtp-passw0rd').toString('base64').replace(/=*$/, '')],
        method,
      )
    },
  )
})

describe('vendors of mail', () => {
  const world = theWorld()
  const vendors = mailSubjects.filter(({ name }) => name !== 'smtp')

  test.each(vendors)('$name is called with nothing that would begin a header of its own', async (subject) => {
    for (const [what, content] of injections) {
      const { calls, error } = await sendAt(world, subject, mailFor(content), nothing)
      expect(calls, what).toEqual([])
      expect(error, what).toMatchObject({ kind: 'content' })
    }
  })

  test.each(vendors)('$name is given one recipient, whatever an address holds', async (subject) => {
    const hostile = [
      'ada@example.org,evil@evil.example',
      'ada@example.org;evil@evil.example',
      'Ada <ada@example.org>',
      'ada@example.org\nBcc: evil@evil.example',
    ]
    for (const to of hostile) {
      const { calls, error } = await sendAt(world, subject, mailFor({ subject: 'Hi', text: 'x' }, to), nothing)
      expect([calls, (error as SendError).kind], to).toEqual([[], 'recipient'])
    }
  })

  test.each(vendors)('$name is given names and senders that stay what they are', async (subject) => {
    for (const from of [
      'Evil" <evil@evil.example>, "x <a@example.org>',
      'a@example.org, b@example.org',
      'x\u2028Bcc: y <a@example.org>',
      '<a@example.org>, <b@example.org>',
    ])
      expect((await sendAt(world, subject, mailFor({ subject: 'Hi', text: 'x', from }), nothing)).calls, from).toEqual([])
    const { calls } = await sendAt(
      world,
      subject,
      mailFor({ subject: 'Hi', text: 'x', from: 'a, evil@evil.example <a@example.org>' }),
      nothing,
    )
    // A comma in a name is quoted, where the name travels in one text with the address.
    const body = decodeURIComponent(calls[0]!.body.replaceAll('+', ' '))
    expect(body).toMatch(/\\?"a, evil@evil\.example\\?"/)
  })
})
