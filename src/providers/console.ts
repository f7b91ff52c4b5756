import { type Channel, channels as every } from '../contract/channel.ts'
import { SendError } from '../contract/errors.ts'
import type { ChannelProvider, ReceiptSupport, SendRequest } from '../contract/provider.ts'

/** Options of `consoleProvider`. */
export interface ConsoleOptions<C extends Channel> {
  /** Where a message goes, as one text of several lines. Default `console.log`. */
  readonly write?: (text: string) => void
  /** Default all nine. */
  readonly channels?: readonly C[]
  readonly name?: string
  /** Default `none`. With another one, tell the notifier yourself how a message fared: its key is the message id. */
  readonly receipts?: ReceiptSupport
}

/** Prints messages instead of sending them, for development. The message id is `console:` and the idempotency key. */
export function consoleProvider<C extends Channel = Channel>(options: ConsoleOptions<C> = {}): ChannelProvider<C> {
  const { write = console.log, name = 'console', receipts = 'none' } = options
  const channels = options.channels ?? (every as readonly Channel[] as readonly C[])
  return {
    name,
    channels,
    receipts,
    // It stands in for chat webhooks too, whose channel is fixed by their URL.
    addresses: { chat: 'fixed' } as ChannelProvider<C>['addresses'] & object,
    async send(request, { signal }) {
      if (signal.aborted) throw new SendError('transient', 'the time for this message was over before it was printed')
      write(printed(request))
      return { messageId: `console:${request.idempotencyKey}` }
    },
  }
}

function printed({ channel, to: given, recipient, content, idempotencyKey }: SendRequest): string {
  const to = given ?? recipient[channel === 'sms' ? 'phone' : channel]
  const address = to == null ? '' : ` to ${typeof to === 'object' ? to.endpoint : to}`
  const lines = Object.entries(content).flatMap(([field, value]) => fieldLines(field, value))
  return [`┌ ${channel}${address}  (${idempotencyKey})`, ...lines.map((line) => `│ ${line}`), '└'].map(harmless).join('\n')
}

function fieldLines(field: string, value: unknown): string[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const [first = '', ...more] = (text ?? '').split(/\r\n|[\r\n]/)
  if (text === undefined) return []
  const indent = ' '.repeat(field.length + 2)
  return [`${field}: ${first}`, ...more.map((line) => indent + line)]
}

/** A message may hold what other people wrote; it is not to steer the terminal, pass for another line, or turn one round. */
function harmless(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  return line.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '�')
}
