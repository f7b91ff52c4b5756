import { createNotifier, formatTimeline } from 'omnicascade'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test, vi } from 'vitest'
import { SendError } from '../../src/contract/errors.ts'
import { subjects } from './subjects/all.ts'
import type { Subject } from './subjects/subject.ts'
import { type Call, expectHidden, formsOf, nothing, sendAt, shown, theWorld } from './support.ts'

const overHttp = subjects.filter(({ over = 'http' }) => over === 'http')

/** What a vendor may quote of a call: its URL, each of its headers with and without what stands before the credentials, and what is in its body. */
function quotesOf({ url, headers, body }: Call): string[] {
  const fields = [...headers].flatMap(([name, value]) => [`${name}: ${value}`, value, value.split(' ').at(-1)!])
  const values = [...new URLSearchParams(body).values()]
  return [url.href, url.pathname, url.search, ...fields, ...values, body, encodeURIComponent(url.href)].filter(
    (quote) => quote !== '',
  )
}

describe.each(overHttp)('$name shows no secret when', (subject) => {
  const world = theWorld()
  const forms = formsOf(subject)
  const [request] = subject.requests as [Subject['requests'][0]]

  async function expectSilent(answer: (call: Call) => Response, where: string): Promise<void> {
    const { error, calls } = await sendAt(world, subject, request, answer)
    expect(calls, where).not.toEqual([])
    expect(error, where).toBeInstanceOf(SendError)
    expectHidden(`${shown(error)}\n${JSON.stringify((error as SendError).toFailure())}`, forms, where)
  }

  /** What it may quote that has a secret in it, and the secrets that it was told. */
  const quotes = async () => {
    const { calls } = await sendAt(world, subject, request, nothing)
    const told = [...calls.flatMap(quotesOf), ...subject.secrets]
    const all = calls.flatMap(quotesOf).join('\n')
    return [...new Set(told)].filter((quote) => all.includes(quote) && forms.some((form) => quote.includes(form)))
  }

  test('the connection breaks', () => expectSilent(() => Response.error(), 'a broken connection'))

  test('a proxy answers with a page that repeats the call', async () => {
    for (const type of ['text/plain', 'text/html', 'application/json'])
      await expectSilent(
        ({ url, headers, body }) =>
          new Response(`<h1>Denied</h1>${url}${JSON.stringify([...headers])}${body}`, {
            status: 401,
            headers: { 'content-type': type },
          }),
        type,
      )
  })

  test('the vendor quotes a part of the call in its refusal', async () => {
    const { refusal = (words: string) => new Response(words, { status: 401 }) } = subject
    for (const quote of await quotes()) {
      await expectSilent(() => refusal(quote), `the words ${quote}`)
      await expectSilent(() => refusal(`bad key "${quote}", try again`), `words around ${quote}`)
    }
  })

  test('the app looks at its record, its timeline, its events and its console', async () => {
    const printed: unknown[][] = []
    for (const method of ['log', 'error', 'warn', 'info', 'debug'] as const)
      vi.spyOn(console, method).mockImplementation((...words) => void printed.push(words))
    const clock = virtualClock(Date.UTC(2026, 10, 25, 12))
    const said = (await quotes()).join(' ')
    const { http } = await import('msw')
    world.use(
      http.all(
        '*',
        ({ request: seen }) =>
          subject.logIn?.(new URL(seen.url)) ?? (subject.refusal ?? (() => new Response(said, { status: 401 })))(said),
      ),
    )
    const notifier = createNotifier({ providers: [subject.create()], clock, scheduler: 'manual' })
    const events: unknown[] = []
    notifier.on('*' as never, (...event: unknown[]) => void events.push(event))
    const { channel, to, content, recipient } = request
    const key = channel === 'sms' ? 'phone' : channel
    const { id } = await notifier.send({
      to: { ...recipient, ...(to !== undefined && { [key]: to }) },
      content: { [channel]: content },
      cascade: [channel],
    } as never)
    await notifier.idle()
    const record = (await notifier.get(id))!
    expect(record.timeline.map(({ type }) => type)).toContain('attempt.failed')
    expect(events).not.toEqual([])
    for (const format of ['text', 'mermaid'] as const) expectHidden(formatTimeline(record, { format }), forms, format)
    expectHidden(JSON.stringify(record), forms, 'the record')
    expectHidden(shown(events), forms, 'events')
    expectHidden(shown(notifier), forms, 'the notifier')
    expectHidden(shown(printed), forms, 'the console')
    await notifier.close()
  })
})
