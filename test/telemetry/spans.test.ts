import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace-base'
import express from 'express'
import { createNotifier, type NotificationStore, RequestError } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { sqlite } from 'omnicascade/stores/sqlite'
import { openTelemetry } from 'omnicascade/telemetry'
import { accept, fail, hang, scriptedProvider } from 'omnicascade/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { acme, serve } from '../http/support.ts'
import { ada, content, world } from '../support/world.ts'
import { linked, sdk, tree } from './sdk.ts'

const secret = { query: 'token', values: ['hook-secret'] } as const
const request = { to: ada, content, cascade: ['sms'] } as const
const providers = () => [
  scriptedProvider({ channels: ['telegram'], replies: [fail('recipient', 'bot was blocked', { code: '403' })] }),
  scriptedProvider({ name: 'acme', channels: ['sms'], replies: [accept({ messageId: 'm1' })] }),
]

function delivered(id = 'm1'): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([{ id, status: 'delivered' }]) }
}

test('a notification is one trace, from the request that sent it to the webhook that settled it', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry(), start: Date.UTC(2026, 10, 25) })
  const id = await o.within('POST /orders', () => w.send(['telegram', 'sms']))
  await w.to(3)
  const handler = fetchWebhook(w.notifier, acme(), { secret })
  const answer = await o.within('POST /hooks', () =>
    handler(new Request('https://app.example/hooks?token=hook-secret', delivered())),
  )
  expect(answer.status).toBe(200)

  const hook = o.span('POST /hooks')
  const ours = o.spans().filter((span) => span !== hook)
  expect(tree(ours).toSorted()).toEqual([
    'POST /orders',
    'POST /orders > create notification',
    'create notification > notification',
    'create notification > receipt sms',
    'create notification > send sms',
    'create notification > send telegram',
    'notification > step sms',
    'notification > step telegram',
  ])
  expect(new Set(ours.map((span) => span.spanContext().traceId)).size).toBe(1)
  expect(Object.fromEntries(ours.map(({ name, kind }) => [name, SpanKind[kind]]))).toEqual({
    'POST /orders': 'INTERNAL',
    'create notification': 'PRODUCER',
    notification: 'INTERNAL',
    'step telegram': 'INTERNAL',
    'step sms': 'INTERNAL',
    'send telegram': 'CLIENT',
    'send sms': 'CLIENT',
    'receipt sms': 'CONSUMER',
  })
  for (const { attributes, name } of ours) if (name !== 'POST /orders') expect(attributes['omnicascade.notification']).toBe(id)
})

test('what each span tells', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry(), start: Date.UTC(2026, 10, 25) })
  const notification = await w.send(['telegram', 'sms'])
  await w.to(3)
  await w.receipt('acme', 'delivered', 'm1')
  const told = (name: string) => {
    const { attributes, status, events } = o.span(name)
    return { attributes, status: SpanStatusCode[status.code], words: status.message, events: events.map((event) => event.name) }
  }
  const messaging = { 'messaging.system': 'omnicascade' }
  const place = (step: number, channel: string) => ({
    'omnicascade.notification': notification,
    'omnicascade.step': step,
    'omnicascade.channel': channel,
  })
  expect(told('create notification')).toEqual({
    attributes: {
      ...messaging,
      'messaging.operation.name': 'create',
      'messaging.operation.type': 'create',
      'omnicascade.notification': notification,
    },
    status: 'UNSET',
    words: undefined,
    events: [],
  })
  expect(told('send telegram')).toEqual({
    attributes: {
      ...messaging,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'telegram',
      ...place(0, 'telegram'),
      'omnicascade.attempt': 0,
      'omnicascade.provider': 'telegram',
      'omnicascade.status': 'failed',
      'omnicascade.code': '403',
      'error.type': 'recipient',
    },
    status: 'ERROR',
    words: undefined,
    events: [],
  })
  expect(told('send sms')).toMatchObject({
    attributes: { 'omnicascade.provider': 'acme', 'omnicascade.status': 'accepted' },
    status: 'UNSET',
  })
  expect(told('receipt sms')).toMatchObject({
    attributes: {
      'messaging.operation.type': 'process',
      ...place(1, 'sms'),
      'omnicascade.attempt': 0,
      'omnicascade.status': 'delivered',
    },
    status: 'UNSET',
  })
  expect(told('step telegram')).toMatchObject({
    attributes: {
      ...place(0, 'telegram'),
      'omnicascade.state': 'failed',
      'omnicascade.reason': 'recipient',
      'error.type': 'recipient',
    },
    status: 'ERROR',
    events: ['attempt.started', 'attempt.failed', 'step.failed'],
  })
  expect(told('step sms')).toMatchObject({
    attributes: {
      ...place(1, 'sms'),
      'omnicascade.state': 'succeeded',
      'omnicascade.until': 'delivered',
      'omnicascade.required': false,
    },
    status: 'UNSET',
    events: ['attempt.started', 'attempt.accepted', 'attempt.receipt', 'step.succeeded'],
  })
  expect(told('notification')).toMatchObject({
    attributes: { 'omnicascade.status': 'delivered', 'omnicascade.by': 'sms', 'omnicascade.assumed': false },
    status: 'UNSET',
    events: ['notification.created', 'notification.settled'],
  })
})

test('the spans of a notification and its steps last as long as these did, also where a step was left out or nothing was delivered', async () => {
  const o = sdk()
  const start = Date.UTC(2020, 0, 1)
  const w = world(providers(), { telemetry: o.telemetry(), start })
  await w.send(['telegram', { channel: 'sms', within: '2m' }])
  await w.to(60)
  await w.receipt('acme', 'sent', 'm1')
  await w.to(121)
  const { startTime, endTime, status, attributes } = o.span('step sms')
  expect([startTime, endTime]).toEqual([
    [start / 1000, 0],
    [start / 1000 + 120, 0],
  ])
  expect(status.code).toBe(SpanStatusCode.ERROR)
  expect(attributes).toMatchObject({ 'omnicascade.state': 'timed-out', 'error.type': 'timed-out' })
  const whole = o.span('notification')
  expect([whole.startTime, whole.endTime, whole.status.code, whole.attributes['error.type']]).toEqual([
    [start / 1000, 0],
    [start / 1000 + 120, 0],
    SpanStatusCode.ERROR,
    'failed',
  ])
})

test('a step that was left out is an event of the notification', async () => {
  const o = sdk()
  const w = world(providers(), {
    telemetry: o.telemetry(),
    beforeSend: ({ channel }) => (channel === 'telegram' ? 'Ada sleeps' : true),
  })
  await w.send(['telegram', 'sms'])
  await w.to(1)
  await w.receipt('acme', 'delivered', 'm1')
  const { events } = o.span('notification')
  expect(events.map(({ name, attributes }) => [name, attributes?.['omnicascade.reason']])).toContainEqual([
    'step.skipped',
    'vetoed',
  ])
  expect(o.spans().some(({ name }) => name === 'step telegram')).toBe(false)
})

test('a provider is called inside the span of its attempt, so what its HTTP client tells hangs there', async () => {
  const o = sdk()
  let inside: string | undefined
  const sms = scriptedProvider({ channels: ['sms'], receipts: 'none' })
  sms.reply(async () => {
    await Promise.resolve()
    inside = o.active()
    return {}
  })
  const w = world([sms], { telemetry: o.telemetry() })
  await o.within('POST /orders', () => w.send(['sms']))
  await w.to(1)
  expect(inside).toBe(o.span('send sms').spanContext().spanId)
})

test('the span of a webhook and that of its receipt are linked both ways, over Express', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await w.send(['sms'])
  await w.to(1)
  const app = express()
  app.post('/hooks', (...given) =>
    o.within('POST /hooks', () => expressWebhook(w.notifier, acme(), { secret })(given[0], given[1])),
  )
  const port = await serve(app)
  expect((await fetch(`http://127.0.0.1:${port}/hooks?token=hook-secret`, delivered())).status).toBe(200)
  await vi.waitFor(() => o.span('POST /hooks'))
  const [hook, receipt] = [o.span('POST /hooks'), o.span('receipt sms')]
  expect(hook.spanContext().traceId).not.toBe(receipt.spanContext().traceId)
  expect(linked(receipt.links)).toEqual([hook.spanContext().spanId])
  expect(linked(hook.links)).toEqual([receipt.spanContext().spanId])
  expect(hook.links[0]?.attributes).toMatchObject({ 'omnicascade.provider': 'acme', 'omnicascade.attempt': 0 })
})

test('a receipt that was quicker than its send is linked to nobody, as nobody brings it', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await w.receipt('acme', 'delivered', 'm1')
  await o.within('POST /orders', async () => {
    await w.send(['sms'])
    await w.to(1)
  })
  expect(o.span('receipt sms').links).toEqual([])
  expect(o.span('POST /orders').links).toEqual([])
})

test('nor is one that comes in the trace of its notification, where no link is needed', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await o.within('POST /orders', async () => {
    await w.send(['sms'])
    await w.to(1)
    await w.receipt('acme', 'delivered', 'm1')
  })
  expect(o.span('receipt sms').links).toEqual([])
  expect(o.span('POST /orders').links).toEqual([])
})

test('nor is one that a timer brings, though it was armed inside a span that has ended since', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await w.send(['sms'])
  await w.to(1)
  let onTimer = async () => {}
  await o.within('POST /orders', async () => {
    onTimer = AsyncLocalStorage.bind(async () => void (await w.receipt('acme', 'delivered', 'm1')))
  })
  await onTimer()
  expect(o.span('receipt sms').links).toEqual([])
})

test('a process sends and is gone, another takes the receipt: one trace', async () => {
  const o = sdk()
  const own = { telemetry: o.telemetry(), store: file(), scheduler: 'manual' } as const
  const web = world(providers(), own)
  await o.within('POST /orders', () => web.send(['telegram', 'sms']))
  await web.notifier.idle()
  await web.notifier.close()
  const { traceId } = o.span('POST /orders').spanContext()

  const p = sdk()
  const later = createNotifier({ ...own, store: reopened(), providers: providers(), telemetry: p.telemetry() })
  onTestFinished(() => later.close())
  await p.within('POST /hooks', () => later.ingest([{ provider: 'acme', keys: ['m1'], status: 'delivered', at: Date.now() }]))
  const others = p.spans().filter(({ name }) => name !== 'POST /hooks')
  expect(others.map(({ name }) => name).toSorted()).toEqual(['notification', 'receipt sms', 'step sms', 'step telegram'])
  for (const span of others) expect(span.spanContext().traceId).toBe(traceId)
  expect(p.span('receipt sms').parentSpanContext?.spanId).toBe(o.span('create notification').spanContext().spanId)
})

test('a process dies during a call: who takes over tells of it in the step, in the same trace', async () => {
  const o = sdk()
  const store = file()
  const sms = scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [hang()] })
  const web = world([sms], { telemetry: o.telemetry(), store, scheduler: 'manual', start: Date.UTC(2026, 10, 25) })
  await web.send(['sms'])
  const p = sdk()
  const later = world([sms], {
    telemetry: p.telemetry(),
    store: reopened(),
    scheduler: 'manual',
    start: Date.UTC(2026, 10, 25, 1),
  })
  await later.notifier.tick()
  expect(o.spans().map(({ name }) => name)).toEqual(['create notification'])
  const step = p.span('step sms')
  expect(step.spanContext().traceId).toBe(o.span('create notification').spanContext().traceId)
  expect(step.events.map(({ name, attributes }) => [name, attributes?.['omnicascade.kind']])).toEqual([
    ['attempt.started', undefined],
    ['attempt.failed', 'unknown'],
    ['step.failed', 'unknown'],
  ])
  expect(await p.points('omnicascade.sends')).toMatchObject([{ attributes: { 'error.type': 'unknown' }, value: 1 }])
})

test('a request repeated under its key is known again, in whatever trace it comes, and leads to the first', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  const keyed = { ...request, idempotencyKey: 'order-1' }
  const first = await o.within('first', () => w.notifier.send(keyed))
  const again = await o.within('again', () => w.notifier.send(keyed))
  expect(again).toEqual({ id: first.id, created: false })
  const [one, other] = o.spans().filter(({ name }) => name === 'create notification')
  expect(linked(other!.links)).toEqual([one!.spanContext().spanId])
  expect(other!.attributes).toMatchObject({ 'omnicascade.notification': first.id, 'omnicascade.repeated': true })
  expect((await w.record(first.id)).trace?.traceparent).toContain(one!.spanContext().spanId)
})

test('a request that is refused is an error of its span, in a word of ours', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await expect(w.notifier.send({ ...request, to: { email: 'x' } as never })).rejects.toThrow(RequestError)
  const { status, attributes, events } = o.span('create notification')
  expect([status, attributes['error.type'], events]).toEqual([{ code: SpanStatusCode.ERROR }, 'invalid-request', []])
})

test('each request of sendMany has a span', async () => {
  const o = sdk()
  const w = world(providers(), { telemetry: o.telemetry() })
  await o.within('import', async () => {
    for await (const { error } of w.notifier.sendMany([request, request])) expect(error).toBeUndefined()
  })
  expect(tree(o.spans()).filter((line) => line.endsWith('create notification'))).toEqual(
    Array(2).fill('import > create notification'),
  )
})

test('a record keeps its trace only where telemetry is on and there is a trace', async () => {
  const silent = world(providers())
  expect(await silent.record(await silent.send(['sms']))).not.toHaveProperty('trace')
  // No SDK is set up: the API's own tracer and meter do nothing.
  const noop = world(providers(), { telemetry: openTelemetry() })
  const id = await noop.send(['sms'])
  await noop.to(1)
  await noop.receipt('acme', 'delivered', 'm1')
  expect((await noop.outcome(id))?.status).toBe('delivered')
  expect(await noop.record(id)).not.toHaveProperty('trace')
})

test('a trace that is not sampled stays so for its whole life', async () => {
  const o = sdk({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) })
  const store = file()
  const w = world(providers(), { telemetry: o.telemetry(), store, scheduler: 'manual' })
  const id = await w.send(['telegram', 'sms'])
  await w.notifier.idle()
  expect((await w.record(id)).trace?.traceparent).toMatch(/-00$/)
  const p = sdk({ sampler: new ParentBasedSampler({ root: { shouldSample: () => ({ decision: 2 }), toString: () => 'on' } }) })
  const later = world(providers(), { telemetry: p.telemetry(), store: reopened(), scheduler: 'manual' })
  await later.receipt('acme', 'delivered', 'm1')
  expect((await later.outcome(id))?.status).toBe('delivered')
  expect([...o.spans(), ...p.spans()]).toEqual([])
})

test('telemetry that throws stops no notification, and is told of', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { send, call } = sdk().telemetry()
  const hear = () => {
    throw new Error('no exporter')
  }
  const w = world([scriptedProvider({ channels: ['sms'], receipts: 'none' })], { telemetry: { send, call, hear } })
  const errors: string[] = []
  w.notifier.on('error', ({ error }) => errors.push(error.message))
  const id = await w.send(['sms'])
  await w.to(1)
  expect((await w.outcome(id))?.status).toBe('delivered')
  expect(errors).toContain('no exporter')
  expect(printed).toHaveBeenCalled()
})

let path: string

/** A store in a file of its own. */
function file(): NotificationStore {
  const folder = mkdtempSync(join(tmpdir(), 'omnicascade-telemetry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  path = join(folder, 'notifications.db')
  return reopened()
}

/** The same file, as another process opens it. */
function reopened(): NotificationStore {
  const store = sqlite(path)
  onTestFinished(() => store.close?.())
  return store
}
