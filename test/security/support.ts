import { format, inspect } from 'node:util'
import { HttpResponse, http } from 'msw'
import { type SetupServer, setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { Subject } from './subjects/subject.ts'

// An attack is hundreds of calls, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

/** A call as it went over the wire. */
export interface Call {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

/** What became of a send. */
export interface Sent {
  /** But for log-ins. */
  readonly calls: readonly Call[]
  readonly logIns: readonly Call[]
  readonly error: unknown
}

type Answer = (call: Call) => Response | Promise<Response>

/** Every host of the world, which answers as a test says. Call it inside `describe`. */
export function theWorld(): SetupServer {
  const world = setupServer()
  beforeAll(() => world.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => world.resetHandlers())
  afterAll(() => world.close())
  return world
}

/** Sends through a provider, and tells what it called. */
export async function sendAt(world: SetupServer, subject: Subject, request: SendRequest, answer: Answer): Promise<Sent> {
  const calls: Call[] = []
  const logIns: Call[] = []
  world.use(
    http.all('*', async ({ request: seen }) => {
      const url = new URL(seen.url)
      const call = { url, method: seen.method, headers: seen.headers, body: await seen.text() }
      const logIn = subject.logIn?.(url)
      ;(logIn === undefined ? calls : logIns).push(call)
      return logIn ?? answer(call)
    }),
  )
  const provider = subject.create()
  try {
    await provider.send(request, { signal: new AbortController().signal })
    return { calls, logIns, error: undefined }
  } catch (error) {
    return { calls, logIns, error }
  } finally {
    await provider.close?.()
    world.resetHandlers()
  }
}

/** Nothing that any vendor documents. */
export const nothing: Answer = () => HttpResponse.json({})

/** A secret in each of the ways in which it may be written. */
export function formsOf({ secrets, pairs = [] }: Pick<Subject, 'secrets' | 'pairs'>): string[] {
  const plain = [...secrets, ...pairs.map(([user, password]) => `${user}:${password}`)]
  const all = plain.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    // Padding may go, and so may what it depends on.
    Buffer.from(secret).toString('base64').replace(/.?=*$/, ''),
    Buffer.from(secret).toString('base64url').replace(/.$/, ''),
    Buffer.from(secret).toString('hex'),
  ])
  return [...new Set(all)]
}

/** Everything that a log, a debugger or a crash reporter could print of a value. */
export function shown(value: unknown): string {
  const parts = [String(value), format('%s %o %O %j', value, value, value, value)]
  for (const options of [
    { depth: Infinity, showHidden: true },
    { depth: Infinity, showHidden: true, getters: true },
  ])
    parts.push(inspect(value, { maxArrayLength: null, maxStringLength: null, showProxy: true, ...options }))
  parts.push(...membersOf(value))
  return parts.join('\n')
}

/** What is on a value, its prototypes and what they lead to, symbols and hidden properties among it; functions by their source. */
function membersOf(value: unknown, seen = new Set<unknown>()): string[] {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return [String(value)]
  if (seen.has(value)) return []
  seen.add(value)
  const own = Reflect.ownKeys(value).flatMap((name) => {
    const { value: inner, get } = Object.getOwnPropertyDescriptor(value, name)!
    return [String(name), ...membersOf(get === undefined ? inner : safely(() => get.call(value)), seen)]
  })
  const text = typeof value === 'function' ? Function.prototype.toString.call(value) : (safely(() => JSON.stringify(value)) ?? '')
  const prototype: unknown = Object.getPrototypeOf(value)
  const isOurs = prototype !== null && prototype !== Object.prototype && prototype !== Function.prototype
  return [String(text), ...own, ...(isOurs ? membersOf(prototype, seen) : [])]
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Fails where any of `forms` shows. */
export function expectHidden(text: string, forms: readonly string[], where: string): void {
  const showing = forms.filter((form) => text.toLowerCase().includes(form.toLowerCase()))
  expect(showing, `${where}: ${text.slice(0, 2000)}`).toEqual([])
}

/** Where a text stands in a request. */
export type Slot = readonly (string | number)[]

/** Every text of a request, by where it stands. */
export function slotsOf(request: SendRequest): Slot[] {
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

/** The text at a place. */
export function textAt(request: SendRequest, slot: Slot): string {
  return String(slot.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], request))
}

/** The request with another text at a place. */
export function withText(request: SendRequest, slot: Slot, text: string): SendRequest {
  const copy = structuredClone(request) as unknown as Record<string, unknown>
  const parent = slot.slice(0, -1).reduce<Record<string, unknown>>((value, name) => value[name] as Record<string, unknown>, copy)
  parent[slot.at(-1)!] = text
  return copy as unknown as SendRequest
}
