import type { SetupServer } from 'msw/node'
import { describe, expect, test } from 'vitest'
import { SendError } from '../../src/contract/errors.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { subjects } from './subjects/all.ts'
import { requestFor, type Subject } from './subjects/subject.ts'
import { type Call, nothing, sendAt, slotsOf, textAt, theWorld, withText } from './support.ts'

const overHttp = subjects.filter(({ over = 'http' }) => over === 'http')

/** What would be another field, header, path, host, message or command if it were taken for more than a text. */
const payloads = [
  ...['x\r\nEvil: 1\r\n\r\nevil', 'x\nEvil: 1', 'x\rEvil: 1\u0000evil', 'x\u010d\u010a\u2028\u0085Evil: 1%0d%0aEvil: 1'],
  ...['/../..%2f%2e%2e/evil', '?evil=1&evil=2;evil=3#evil', '//\\@evil.example:1/evil'],
  ...[
    '","evil":"1"}],"evil":[{"',
    'ada@example.org,Evil <evil@evil.example>',
    '{{evil}}%evil%\ud800\u001b[31m\u202eevil',
    '__proto__',
  ],
]

/** What of a call a text must not change: where it goes, and what there is besides texts. */
function frameOf({ url, method, headers, body }: Call) {
  const isForm = headers.get('content-type')?.includes('urlencoded') === true
  return {
    method,
    host: url.host,
    path: url.pathname.split('/').length,
    fragment: url.hash,
    query: [...url.searchParams.keys()],
    headers: [...headers.keys()].filter((name) => name !== 'content-length').sort(),
    form: isForm ? [...new URLSearchParams(body).keys()] : [],
  }
}

/** The names in a body of JSON; none in any other. */
function namesIn({ headers, body }: Call): string[] {
  const within = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => [...(Array.isArray(value) ? [] : [name]), ...within(inner)])
      : []
  return headers.get('content-type')?.includes('json') ? within(JSON.parse(body)) : []
}

/** Names that an address brings with it: that of a mailbox, and what TWIN calls an address that is no number. */
const alternatives = ['name', 'messengerUserId']

/** Puts each payload into each text of a request. Fails where one of them becomes more than a text. */
async function attack(world: SetupServer, subject: Subject, request: SendRequest): Promise<void> {
  const usual = (await sendAt(world, subject, request, nothing)).calls
  const names = new Set([...usual.flatMap(namesIn), ...alternatives])
  expect(usual).not.toEqual([])
  let sent = 0
  for (const slot of slotsOf(request))
    for (const payload of payloads) {
      const text = slot[0] === 'to' && slot.length === 1 ? payload : textAt(request, slot) + payload
      const where = `${slot.join('.')} = ${JSON.stringify(text)}`
      const { calls, error } = await sendAt(world, subject, withText(request, slot, text), nothing)
      if (calls.length === 0) {
        // Refused before anything was called, by an error that does not repeat it.
        expect(error, where).toBeInstanceOf(SendError)
        expect((error as SendError).message, where).not.toContain('evil')
        continue
      }
      sent++
      // A subscription's path is its own; whose host it has, the tests of SSRF see.
      const isPath = slot.at(-1) === 'endpoint'
      const frames = calls.map(frameOf)
      expect(isPath ? frames.map(({ host }) => host) : frames, where).toEqual(
        isPath ? usual.map(({ url }) => url.host) : usual.map(frameOf),
      )
      for (const name of calls.flatMap(namesIn)) expect(names.has(name), `${where}: ${name}`).toBe(true)
    }
  expect(sent).toBeGreaterThan(0)
}

describe.each(overHttp)('$name', (subject) => {
  const world = theWorld()

  test.each(subject.requests.map((request) => [request.channel, request] as const))(
    'takes nothing in a request on the channel %s for more than a text',
    (_, request) => attack(world, subject, request),
  )
})

describe('a careless provider is found out', () => {
  const world = theWorld()
  const sloppy = {
    'that pastes into a path': ({ to }: SendRequest) => [`https://vendor.example/messages/${String(to)}`, {}],
    'that pastes into a query': ({ to }: SendRequest) => [`https://vendor.example/messages?to=${String(to)}`, {}],
    'that pastes into JSON': ({ content }: SendRequest) => [
      'https://vendor.example/messages',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"text":"${(content as { text: string }).text.replace(/\p{Cc}/gu, ' ')}"}`,
      },
    ],
    'that pastes into a form': ({ content }: SendRequest) => [
      'https://vendor.example/messages',
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `text=${(content as { text: string }).text}`,
      },
    ],
    'that pastes into a header': ({ content }: SendRequest) => [
      'https://vendor.example/messages',
      { headers: { 'x-text': (content as { text: string }).text } },
    ],
  } satisfies Readonly<Record<string, (request: SendRequest) => [string, RequestInit]>>

  test.each(Object.entries(sloppy))('%s', async (_, callOf) => {
    const send = async (request: SendRequest) => {
      await fetch(...callOf(request))
      return {}
    }
    const create = () => ({ name: 'sloppy', channels: ['sms'] as const, receipts: 'none' as const, send })
    const request = requestFor('sms', '+420777123456', { text: 'Hi' })
    const subject = { name: 'sloppy', secrets: [], hosts: [], requests: [request], create }
    await expect(attack(world, subject as never, request)).rejects.toThrow()
  })
})
