import { SMTPServer } from 'smtp-server'

/** One message as the server took it. */
export interface Mail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}

/** A mail server. */
export interface MailTwin {
  /** For the option `url` of `smtp`. */
  readonly url: string
  readonly received: readonly Mail[]
  close(): Promise<void>
}

/** A real SMTP server on a free port, which keeps whatever it is sent. */
export async function mailTwin(): Promise<MailTwin> {
  const received: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    async onData(stream, { envelope }, done) {
      let source = ''
      try {
        for await (const chunk of stream.setEncoding('utf8')) source += chunk
      } catch {
        // The client has gone before the end: no mail.
        return
      }
      received.push({ to: envelope.rcptTo.map(({ address }) => address), ...partsOf(source) })
      done()
    },
  })
  // A client that is killed resets its connection.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as { port: number }
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

function partsOf(source: string): Pick<Mail, 'subject' | 'text'> {
  const end = source.indexOf('\r\n\r\n')
  return { subject: /^Subject: (.*)$/m.exec(source.slice(0, end))?.[1]?.trim() ?? '', text: source.slice(end + 4).trim() }
}
