import { describe, expect, test } from 'vitest'
import { SendError } from '../../src/contract/errors.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import { subjects } from './subjects/all.ts'
import { type Call, nothing, sendAt, theWorld } from './support.ts'

const overHttp = subjects.filter(({ over = 'http' }) => over === 'http')

/** What would be another field, header, path, host, message or command if it were taken for more than a text. */
const payloads = [
  ...[
    'x\r\nEvil: 1\r\n\r\nevil',
    'x\nEvil: 1',
    'x\rEvil: 1',
    'x\u2028\u0085Evil: 1',
    'x%0d%0aEvil: 1',
    'x\u0000evil',
    'x\u010d\u010aEvil: 1',
  ],
  ...['/../../evil', '..%2f%2e%2e/evil', '?evil=1&evil=2#evil', '&evil=1;evil=2', '//evil.example/', '\\@evil.example:1/evil'],
  ...[
    '","evil":"1"}],"evil":[{"',
    '{{evil}}<evil/>%evil%',
    'ada@example.org,Evil <evil@evil.example>',
    '\ud800\u001b[31m\u202eevil',
    '__proto__',
  ],
]

type Slot = readonly (string | number)[]

/** Every text of a request, by where it stands. */
function slotsOf(request: SendRequest): Slot[] {
  const within = (value: unknown, path: Slot): Slot[] => {
    if (typeof value === 'string' || (typeof value === 'number' && path[0] === 'to')) return [path]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([name, inner]) => within(inner, [...path, Array.isArray(value) ? Number(name) : name]))
  }
  const { to, content, idempotencyKey, recipient } = request
  return within({ to, content, idempotencyKey, recipient: { userId: recipient.userId } }, []).filter(
    ([first, second]) => first !== 'content' || second !== 'format',
  )
}

function textAt(request: SendRequest, slot: Slot): string {
  return String(slot.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], request))
}

function withText(request: SendRequest, slot: Slot, text: string): SendRequest {
  const copy = structuredClone(request) as unknown as Record<string, unknown>
  const parent = slot.slice(0, -1).reduce<Record<string, unknown>>((value, name) => value[name] as Record<string, unknown>, copy)
  parent[slot.at(-1)!] = text
  return copy as unknown as SendRequest
}

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

describe.each(overHttp)('$name', (subject) => {
  const world = theWorld()

  test.each(subject.requests.map((request) => [request.channel, request] as const))(
    'takes nothing in a request on the channel %s for more than a text',
    async (_, request) => {
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
    },
    30_000,
  )
})
