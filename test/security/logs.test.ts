import { createNotifier, formatTimeline } from 'omnicascade'
import { consoleProvider } from 'omnicascade/providers/console'
import { fail, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'

/** What steers a terminal, forges a line of a log, or turns one round. */
const hostile = [
  '\u001b[2J\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u009b31m',
  'a\r\n2026-11-25 12:00:00 INFO all is well',
  'a\nb\rc\u0085d\u2028e\u2029f\u000bg\u000ch',
  '\b\b\b\b\u007f\u0000',
  '\u202egnp.exe\u2066x\u2069\u200f',
  '\ud800',
].map((text) => `evil ${text}`)
// Control and format characters, but for what a text may hold.
const steering = /(?![\n])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

test('a timeline keeps one line for each entry, whatever vendors and people wrote', async () => {
  const clock = virtualClock(Date.UTC(2026, 10, 25, 12))
  for (const text of hostile) {
    const sms = scriptedProvider({ name: 'sms', channels: ['sms'], receipts: 'full' })
    const email = scriptedProvider({
      name: `mail ${text}`,
      channels: ['email'],
      replies: [fail('content', { message: text, code: text } as never)],
    })
    const notifier = createNotifier({ providers: [sms, email], clock, scheduler: 'manual' })
    const { id } = await notifier.send({
      to: { phone: '+420777123456', email: 'ada@example.org' },
      content: { sms: { text }, email: { subject: 'Hi', text } },
      cascade: ['email', 'sms'],
      metadata: { text },
    })
    await notifier.idle()
    const { messageId } = (await notifier.get(id))!.steps[1]!.attempts[0]!
    await notifier.ingest([
      { provider: 'sms', keys: [messageId!], status: 'delivered', at: clock.now(), raw: text },
      { provider: 'sms', keys: [messageId!], status: 'clicked', at: clock.now(), raw: text, link: `https://example.org/${text}` },
    ])
    const record = (await notifier.get(id))!
    await notifier.close()
    const plain = formatTimeline(record)
    expect(plain.split('\n')).toHaveLength(record.timeline.length + 1)
    expect(plain).not.toMatch(steering)
    expect(plain).toContain('evil')
    expect(formatTimeline(record, { format: 'mermaid' })).not.toMatch(steering)
  }
})

test('a message on the console is one block, each line of it marked as its own', async () => {
  for (const text of hostile) {
    const written: string[] = []
    const provider = consoleProvider({ write: (block) => void written.push(block) })
    await provider.send(
      {
        channel: 'chat',
        to: text,
        content: { text, [text]: text, vendor: { [text]: { [text]: text } } } as never,
        recipient: { chat: text },
        idempotencyKey: text,
        notificationId: 'n1',
        within: 1000,
      },
      { signal: new AbortController().signal },
    )
    expect(written).toHaveLength(1)
    expect(written[0]).not.toMatch(steering)
    const lines = written[0]!.split('\n')
    expect([lines[0]![0], lines.at(-1)]).toEqual(['┌', '└'])
    for (const line of lines.slice(1, -1)) expect(line.startsWith('│ '), line).toBe(true)
  }
})
