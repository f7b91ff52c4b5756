import { readFileSync } from 'node:fs'
import express, { type RequestHandler } from 'express'
import { expressWebhook } from 'omnicascade/http/express'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { call, memorySink, serve } from '../http/support.ts'
import { genuineOf, publicUrl } from './genuine.ts'
import { noon, type SourceSubject, sources } from './subjects/sources.ts'

const signing = sources.filter(({ sign, body }) => sign !== undefined && body !== '')
const isJson = ({ body }: SourceSubject) => /^[[{]/.test(body)

/** The source in an Express app, behind parsers. */
async function mounted(subject: SourceSubject, ...parsers: RequestHandler[]) {
  const told: unknown[] = []
  const sink = memorySink()
  const onEvents = (events: readonly unknown[]) => void told.push(...events)
  const options = { publicUrl, clock: virtualClock(noon), onEvents, onError: () => {} }
  const app = express()
  for (const parser of parsers) app.use(parser)
  app.post('/hooks', expressWebhook(sink, subject.create(), options))
  return { port: await serve(app), told, sink }
}

/** The same JSON to whoever parses it: with a space more, without spaces, in another order. */
function rewritten(body: string): string[] {
  const value = JSON.parse(body) as object
  const turned = Array.isArray(value)
    ? value.map((one: object) => Object.fromEntries(Object.entries(one).reverse()))
    : Object.fromEntries(Object.entries(value).reverse())
  return [`${body} `, JSON.stringify(value), JSON.stringify(value, null, 2), JSON.stringify(turned)].filter(
    (other) => other !== body,
  )
}

describe.each(signing)('$name', (subject) => {
  test('is taken as it came', async () => {
    const { port, told } = await mounted(subject)
    expect(await call(port, await genuineOf(subject))).toMatchObject({ status: 200 })
    expect(told).not.toEqual([])
  })

  test('is refused without its proof, and nothing is stored', async () => {
    const { port, told, sink } = await mounted(subject)
    const { headers } = await genuineOf(subject)
    const bare = { headers: { 'content-type': headers['content-type'] }, body: subject.body }
    expect(await call(port, bare)).toMatchObject({ status: subject.unproven ?? 401 })
    expect([told, sink.stored]).toEqual([[], []])
  })

  test('that a body parser has eaten is no 401, but a 500 that names the cause', async () => {
    const parsers = [express.json({ type: () => true }), express.urlencoded({ extended: false, type: () => true })]
    const { port, told } = await mounted(subject, isJson(subject) ? parsers[0]! : parsers[1]!)
    const answer = await call(port, await genuineOf(subject))
    expect(answer.status).toBe(500)
    expect(answer.text).toContain('a body parser such as express.json() ran before this handler')
    expect(told).toEqual([])
  })

  test('is taken where that parser has kept the bytes', async () => {
    const verify = (request: object, _: unknown, bytes: Buffer) => void Object.assign(request, { rawBody: bytes })
    const parser = isJson(subject)
      ? express.json({ type: () => true, verify })
      : express.urlencoded({ type: () => true, verify, extended: false })
    const { port } = await mounted(subject, parser)
    expect(await call(port, await genuineOf(subject))).toMatchObject({ status: 200 })
  })

  test('is no 401, but a 500 that names the cause, where a fetch handler has read it before', async () => {
    const handler = fetchWebhook(memorySink(), subject.create(), { publicUrl, clock: virtualClock(noon), onError: () => {} })
    const { path, ...init } = await genuineOf(subject)
    const request = new Request(`https://app.example.org${path}`, { method: 'POST', ...init })
    await request.text()
    const answer = await handler(request)
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('the body was already read')])
  })

  if (subject.covers === 'bytes') {
    test('is refused with its fields the same and its bytes not', async () => {
      const { port, told } = await mounted(subject)
      const sent = await genuineOf(subject)
      const others = isJson(subject) ? rewritten(sent.body) : [`${sent.body}&`, sent.body.split('&').reverse().join('&')]
      expect(others.length).toBeGreaterThan(1)
      for (const body of others) expect([body, (await call(port, { ...sent, body })).status]).toEqual([body, 401])
      expect(told).toEqual([])
    })

    test('is refused with one bit of it turned, wherever that is', async () => {
      const source = subject.create()
      const { headers, body } = await genuineOf(subject)
      const bytes = new TextEncoder().encode(body)
      for (let at = 0; at < bytes.length; at += 1 + Math.floor(bytes.length / 97)) {
        const turned = bytes.with(at, bytes[at]! ^ (1 << (at % 8)))
        const request = { method: 'POST', url: new URL(publicUrl), headers: new Map(Object.entries(headers)), body: turned }
        await expect(source.verify!(request, noon), `byte ${at}`).rejects.toMatchObject({ code: 'webhook-verification' })
      }
    })

    test('is compared as bytes, not as what a decoder makes of them', async () => {
      const { port } = await mounted(subject)
      const sent = await genuineOf(subject)
      const withMark = Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), Buffer.from(sent.body)])
      const broken = Buffer.concat([Buffer.from(sent.body), Uint8Array.of(0xff)])
      for (const body of [withMark, broken]) expect(await call(port, { ...sent, body })).toMatchObject({ status: 401 })
    })
  }

  if (subject.covers === 'fields')
    test('is refused with any signed value changed', async () => {
      const { port, told } = await mounted(subject)
      const sent = await genuineOf(subject)
      for (const body of [sent.body.replace(/deliver(ed|y)/i, 'Bounce'), sent.body.replace(/SM1|m1/, 'm2')]) {
        expect(body).not.toBe(sent.body)
        expect(await call(port, { ...sent, body })).toMatchObject({ status: 401 })
      }
      expect(told).toEqual([])
    })
})

test('a signature cannot be moved from one body to another of two that came together', async () => {
  for (const subject of signing.filter(({ covers }) => covers === 'bytes')) {
    const { port } = await mounted(subject)
    const one = await genuineOf(subject)
    const other = await genuineOf({ ...subject, body: `${subject.body}${isJson(subject) ? '\n' : '&x=1'}` })
    expect(await call(port, { ...one, body: other.body }), subject.name).toMatchObject({ status: 401 })
  }
})

test('a vendor that proves nothing of itself cannot be mounted without a secret', () => {
  const open = sources.filter(({ create }) => create().verify === undefined)
  expect(open.map(({ name }) => name)).toEqual(['sendios', 'ok', 'twin'])
  for (const { create } of open)
    for (const mount of [expressWebhook, fetchWebhook])
      expect(() => mount(memorySink(), create())).toThrow('secret: is missing: this vendor proves nothing')
})

test('which vendors prove less than every byte is known, and stands in SECURITY.md', async () => {
  const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')
  for (const covers of ['fields', 'a part', 'nothing'] as const) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${covers} |`)) ?? ''
    const names = sources.filter((source) => source.covers === covers).map(({ name }) => `\`${name}\``)
    expect([...row.matchAll(/`[\w-]+`/g)].map(([name]) => name).sort(), covers).toEqual(names.sort())
  }
})
