import { readFileSync } from 'node:fs'
import { format } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'
import { subjects } from './subjects/all.ts'
import { others, shorteners } from './subjects/others.ts'
import { planted, sources } from './subjects/sources.ts'
import { expectHidden, formsOf, shown } from './support.ts'

const made = [
  ...subjects.map(({ create, ...rest }) => ({ ...rest, create: () => create() as unknown })),
  ...sources.map(({ name, create }) => ({
    name: `webhooks of ${name}`,
    secrets: [planted, 'secret-that-was-planted', 'c0nf1rm'],
    create,
  })),
  ...shorteners,
  ...others,
]
const closing: unknown[] = []
afterAll(async () => {
  for (const thing of closing) await (thing as { close?(): unknown } | undefined)?.close?.()
})

test.each(made)('$name shows no secret, however it is printed, copied or looked into', ({ name, create, ...given }) => {
  const printed: string[] = []
  for (const method of ['log', 'error', 'warn', 'info', 'debug', 'dir'] as const)
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(format(...words)))
  const thing = create()
  closing.push(thing)
  console.log(thing)
  console.log('%o %O %j', thing, thing, thing)
  let copied: unknown
  try {
    copied = structuredClone(thing)
  } catch (error) {
    copied = error
  }
  const everything = [shown(thing), shown({ inside: [thing] }), shown(copied), ...printed].join('\n')
  expect(everything.length).toBeGreaterThan(20)
  expectHidden(everything, formsOf(given), name)
})

test('what looks into things finds what is on them', () => {
  const hidden = Object.defineProperty({}, 'token', { value: 'pl4nted', enumerable: false })
  const symbol = { [Symbol('token')]: 'pl4nted' }
  const getter = Object.defineProperty({}, 'token', { get: () => 'pl4nted' })
  class Client {
    readonly secret = 'pl4nted'
    send(): string {
      return this.secret
    }
  }
  const onFunction = Object.assign(() => {}, { token: 'pl4nted' })
  const written = () => 'pl4nted'
  const deep = { a: { b: { c: { d: { e: new Map([['token', { f: 'pl4nted' }]]) } } } } }
  const json = { toJSON: () => ({ token: 'pl4nted' }) }
  for (const thing of [
    hidden,
    symbol,
    getter,
    new Client(),
    onFunction,
    written,
    deep,
    json,
    new Error('x', { cause: 'pl4nted' }),
  ])
    expect(() => expectHidden(shown(thing), ['pl4nted'], 'planted')).toThrow()
})

test('every subpath that is given secrets is looked into', () => {
  const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { exports: object }
  const subpaths = Object.keys(exports)
    .map((subpath) => subpath.replace('./', ''))
    .filter((subpath) => /^(shorteners|stores|schedulers|http|samba)\b/.test(subpath))
  expect(subpaths.filter((subpath) => !made.some(({ name }) => name === subpath))).toEqual([])
})
