import { createServer, type IncomingMessage, type RequestListener, request as send } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { expressWebhook } from 'omnicascade/http/express'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { fetchWebhook, type WebhookOptions } from 'omnicascade/http/fetch'
import { OmnicascadeModule } from 'omnicascade/http/nest'
import { nodeWebhook } from 'omnicascade/http/node'
import { onTestFinished } from 'vitest'
import { onNode } from '../../examples/serve.ts'
import { WebhookParseError, WebhookVerificationError } from '../../src/contract/errors.ts'
import type { Awaitable } from '../../src/contract/json.ts'
import type { Receipt, ReceiptSink } from '../../src/contract/receipt.ts'
import type { Clock } from '../../src/contract/time.ts'
import type { WebhookRequest, WebhookSource } from '../../src/contract/webhook.ts'

/** Express 4, whose package has no types of its own: the two agree on what is used here. */
export const express4: typeof express = createRequire(import.meta.url)('express4')

/** The event of the vendor "acme": a message id and its status. */
export interface AcmeEvent {
  readonly id: string
  readonly status: 'delivered' | 'failed'
}

/** A vendor that posts a JSON array of events, and is known without a proof unless a test says otherwise. */
export function acme(
  extra: Partial<WebhookSource<AcmeEvent>> = {},
): WebhookSource<AcmeEvent> & { readonly seen: WebhookRequest[] } {
  const seen: WebhookRequest[] = []
  return {
    seen,
    provider: 'acme',
    parse(request) {
      seen.push(request)
      const items = jsonOf(request.body)
      const events = items.filter((item): item is AcmeEvent => typeof (item as AcmeEvent | null)?.id === 'string')
      const errors = items.flatMap((item, at) =>
        events.includes(item as AcmeEvent) ? [] : [new WebhookParseError('acme', 'has no id', { path: `${at}.id` })],
      )
      return { events, errors }
    },
    receipts: (events) => events.map(({ id, status }) => ({ provider: 'acme', keys: [id], status, at: 0 })),
    async verify() {},
    ...extra,
  }
}

function jsonOf(body: Uint8Array): unknown[] {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown[]
  } catch {
    throw new WebhookParseError('acme', 'is not JSON', { line: 1, column: 2 })
  }
}

/** Verifies the header `x-signature`. */
export const signature = {
  async verify({ headers }: WebhookRequest): Promise<void> {
    if (headers.get('x-signature') !== 'genuine') throw new WebhookVerificationError('x-signature is wrong: expected "genuine"')
  },
}

/** A sink that keeps receipts, and knows a duplicate when it sees one. */
export function memorySink(): ReceiptSink & { readonly stored: Receipt[]; duplicates: number } {
  const stored: Receipt[] = []
  const sink = {
    stored,
    duplicates: 0,
    async ingest(receipts: Iterable<Receipt> | AsyncIterable<Receipt>) {
      let applied = 0
      let duplicate = 0
      for await (const receipt of receipts) {
        if (stored.some(({ keys, status }) => keys[0] === receipt.keys[0] && status === receipt.status)) duplicate++
        else applied = stored.push(receipt)
      }
      sink.duplicates += duplicate
      return { applied, duplicate, parked: 0, unmatched: 0 }
    },
  }
  return sink
}

/** A clock whose only timers are the ones a test fires. */
export function manualClock(now = 1_700_000_000_000) {
  const timers = new Map<() => void, number>()
  let started: () => void
  const timing = new Promise<void>((resolve) => {
    started = resolve
  })
  const clock: Clock = {
    now: () => now,
    setTimer(delay, run) {
      timers.set(run, delay)
      started()
      return () => void timers.delete(run)
    },
  }
  return { clock, timers, timing, fire: () => [...timers.keys()].forEach((run) => void run()) }
}

/** What a mount takes: every edge has these options. */
export type AcmeOptions = MountOptions<AcmeEvent>
type MountOptions<E> = Omit<WebhookOptions<E>, 'publicUrl'> & { readonly publicUrl?: string }
type Mount = <E>(sink: ReceiptSink, source: WebhookSource<E>, options?: MountOptions<E>) => Awaitable<RequestListener>

/** The handler in each of its homes, at `/hooks`. */
export const mounts: readonly (readonly [string, Mount])[] = [
  ['Express 5', (...args) => express().use('/hooks', expressWebhook(...args))],
  ['Express 4', (...args) => express4().use('/hooks', expressWebhook(...args))],
  ['node:http', (...args) => nodeWebhook(...args)],
  ['Fastify 5', (...args) => routed(fastify().register(fastifyWebhook(...args), { prefix: '/hooks' }))],
  ['NestJS', (...args) => overNest(...args)],
  ['Hono', (...args) => overHono(fetchWebhook(...args))],
  ['fetch, as of Next, Bun, Deno and Workers', (...args) => onNode(fetchWebhook(...args))],
]

/** A Fastify app as a listener, once its plugins are loaded. */
export async function routed(app: FastifyInstance): Promise<RequestListener> {
  onTestFinished(() => app.close())
  await app.ready()
  return app.routing
}

async function overNest<E>(sink: ReceiptSink, source: WebhookSource<E>, options?: MountOptions<E>): Promise<RequestListener> {
  const notifier = Object.assign(sink, { close: async () => {} })
  const root = OmnicascadeModule.forRoot({ notifier, webhooks: [{ path: 'hooks', source, ...options }] })
  const app = await NestFactory.create(root, { logger: false, abortOnError: false })
  onTestFinished(() => app.close())
  await app.init()
  return app.getHttpAdapter().getInstance() as RequestListener
}

function overHono(handler: (request: Request) => Promise<Response>): RequestListener {
  const app = new Hono().all('/hooks', (c) => handler(c.req.raw))
  return onNode(async (request) => app.fetch(request))
}

/** Serves on loopback until the test ends; gives the port. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return (server.address() as AddressInfo).port
}

/** One answer, as a vendor sees it. */
export interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: () => unknown
}

/** What a vendor sends; JSON by POST unless it says otherwise. `undefined` leaves a header out. */
export interface Call {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

/** Calls a server and reads its answer. */
export function call(port: number, { method = 'POST', path = '/hooks', headers = {}, body }: Call = {}): Promise<Seen> {
  const merged = Object.entries({ 'content-type': 'application/json', ...headers }).filter(([, value]) => value !== undefined)
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: '127.0.0.1', port, method, path, agent: false, headers: Object.fromEntries(merged) },
      (answer) => resolve(seenOf(answer)),
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function seenOf(answer: IncomingMessage): Promise<Seen> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, json: () => JSON.parse(text) as unknown }
}

/** Opens a socket and writes `lines` as they are: for bodies that stall, overflow or end too soon. */
export function raw(port: number, head: readonly string[], body: string) {
  const socket = connect(port, '127.0.0.1')
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
      if (text.includes('\r\n\r\n')) resolve(text)
    })
    socket.on('error', reject)
  })
  answer.catch(() => {})
  socket.write(
    `${['POST /hooks HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...head].join('\r\n')}\r\n\r\n${body}`,
  )
  onTestFinished(() => void socket.destroy())
  return { socket, answer }
}

/** A promise and its handle. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Two events, one of them for each status. */
export const batch = '[{"id":"m1","status":"delivered"},{"id":"m2","status":"failed"}]'
