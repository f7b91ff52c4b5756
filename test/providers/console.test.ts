import { consoleProvider } from 'omnicascade/providers/console'
import { describe, expect, test, vi } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'

const context = { signal: new AbortController().signal }
const common = { recipient: { chat: 'C42' }, idempotencyKey: 'n1.0.0', notificationId: 'n1', within: 60_000 } as const

const printed = async (request: SendRequest): Promise<string> => {
  const lines: string[] = []
  await consoleProvider({ write: (text) => lines.push(text) }).send(request, context)
  return lines.join('\n--\n')
}

describe('consoleProvider', () => {
  test('prints a message so that a person can read it', async () => {
    const content = {
      subject: 'Hello',
      text: 'Hi Ada,\nit is here.',
      headers: { 'X-Order': '1' },
    }
    expect(await printed({ channel: 'email', to: 'ada@example.org', content, ...common })).toBe(
      [
        '┌ email to ada@example.org  (n1.0.0)',
        '│ subject: Hello',
        '│ text: Hi Ada,',
        '│       it is here.',
        '│ headers: {"X-Order":"1"}',
        '└',
      ].join('\n'),
    )
  })

  test('prints whom it can to: a browser, a chat that needs no address, or nobody', async () => {
    const browser = { endpoint: 'https://push.example/1', keys: { p256dh: 'x', auth: 'y' } }
    expect(await printed({ channel: 'push', to: browser, content: { text: 'Hi' }, ...common })).toContain(
      '┌ push to https://push.example/1  (',
    )
    expect(await printed({ channel: 'chat', to: undefined, content: { text: 'Hi' }, ...common })).toContain('┌ chat to C42  (')
    expect(await printed({ channel: 'sms', to: undefined, content: { text: 'Hi' }, ...common })).toContain('┌ sms  (')
  })

  test('lets no message steer the terminal', async () => {
    const text = '\u001b[2Jgone\u0007\u009b31m\r\nstays\ttabbed'
    expect(await printed({ channel: 'sms', to: '+420777123456', content: { text }, ...common })).toBe(
      '┌ sms to +420777123456  (n1.0.0)\n│ text: �[2Jgone��31m\n│       stays\ttabbed\n└',
    )
  })

  test('prints to the console unless told otherwise, and gives an id', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const result = await consoleProvider().send(
      { channel: 'sms', to: '+420777123456', content: { text: 'Hi' }, ...common },
      context,
    )
    expect(result).toEqual({ messageId: 'console:n1.0.0' })
    expect(log).toHaveBeenCalledOnce()
  })

  test('prints nothing once its time is over', async () => {
    const write = vi.fn()
    const sending = consoleProvider({ write }).send(
      { channel: 'sms', to: '+420777123456', content: { text: 'Hi' }, ...common },
      { signal: AbortSignal.abort() },
    )
    await expect(sending).rejects.toMatchObject({ kind: 'transient' })
    expect(write).not.toHaveBeenCalled()
  })

  test('serves all nine channels, or those it is told to', () => {
    expect(consoleProvider().channels).toHaveLength(9)
    const two = consoleProvider({ channels: ['sms', 'push'], name: 'dev', receipts: 'full' })
    expect(two).toMatchObject({ name: 'dev', channels: ['sms', 'push'], receipts: 'full' })
  })
})
