import { Console } from 'node:console'
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { NotifierEvent, NotifierEvents } from 'omnicascade'
import { type LogSource, logEvents } from 'omnicascade/logging'
import { fail, scriptedProvider } from 'omnicascade/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { world } from '../support/world.ts'
import { eventful, expectNothingPersonal, personal } from './personal.ts'

/** Where a logger writes. */
function page() {
  const parts: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => parts.join('') }
}

/** Pino as apps have it, and its lines. */
function pinoPage() {
  const { stream, text } = page()
  return {
    logger: pino({ level: 'debug', base: null, timestamp: false }, stream),
    text,
    lines: () =>
      text()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

/** Emits what a test says. */
function source() {
  let hear: (event: NotifierEvent) => void = () => {}
  const events: LogSource = {
    on: (_, listener) => {
      hear = listener
      return () => {
        hear = () => {}
      }
    },
  }
  return { events, emit: (event: NotifierEvent) => hear(event) }
}

test('pino gets the fields first, and its own levels', async () => {
  const w = world([scriptedProvider({ channels: ['sms'], receipts: 'none' })])
  const { logger, lines } = pinoPage()
  logEvents(w.notifier, logger)
  const notification = await w.send(['sms'])
  await w.to(1)
  const step = { step: 0, channel: 'sms', notification }
  const attempt = { ...step, attempt: 0, provider: 'sms' }
  expect(lines()).toEqual([
    { level: 20, event: 'notification.created', notification, sendAt: 0, msg: 'omnicascade: notification.created' },
    { level: 20, event: 'attempt.started', ...attempt, msg: 'omnicascade: attempt.started' },
    { level: 20, event: 'attempt.accepted', ...attempt, msg: 'omnicascade: attempt.accepted' },
    { level: 20, event: 'step.succeeded', ...step, assumed: false, late: false, msg: 'omnicascade: step.succeeded' },
    {
      level: 30,
      event: 'notification.settled',
      notification,
      status: 'delivered',
      by: 'sms',
      msg: 'omnicascade: notification.settled',
    },
  ])
})

test('console gets the words first', async () => {
  const { stream, text } = page()
  const w = world([scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [fail('recipient')] })])
  logEvents(w.notifier, new Console({ stdout: stream, stderr: stream, inspectOptions: { breakLength: 200 } }))
  const id = await w.send(['sms'])
  await w.to(1)
  expect(text()).toContain(
    `omnicascade: attempt.failed { event: 'attempt.failed', notification: '${id}', step: 0, channel: 'sms', attempt: 0, provider: 'sms', kind: 'recipient' }`,
  )
})

test('a notification that failed or expired is a warning, one that was delivered or cancelled is not', () => {
  const { events, emit } = source()
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  logEvents(events, logger)
  for (const status of ['delivered', 'failed', 'expired', 'cancelled'] as const)
    emit({ type: 'notification.settled', id: 'n1', at: 0, status, by: null })
  expect(logger.warn.mock.calls.map(([{ status }]) => status)).toEqual(['failed', 'expired'])
  expect(logger.info.mock.calls.map(([{ status }]) => status)).toEqual(['delivered', 'cancelled'])
})

test('an error is logged itself, with its stack, by pino and by console', () => {
  const { events, emit } = source()
  const own = pinoPage()
  const { stream, text } = page()
  const error = new TypeError('a listener of the app has a bug')
  logEvents(events, own.logger)
  emit({ type: 'error', at: 0, error, id: 'n1' })
  logEvents(events, new Console(stream))
  emit({ type: 'error', at: 0, error, id: 'n1' })
  expect(own.lines()).toMatchObject([{ level: 50, notification: 'n1', err: { type: 'TypeError', message: error.message } }])
  expect(own.lines()[0].err.stack).toContain('logging.test.ts')
  expect(text()).toMatch(/omnicascade: error TypeError: a listener of the app has a bug\n +at .*logging\.test\.ts/)
  expect(text()).toContain("notification: 'n1'")
})

test('levels can be chosen for each kind of event, and silence too; who unsubscribes hears nothing more', () => {
  const { events, emit } = source()
  const { logger, lines } = pinoPage()
  const stop = logEvents(events, logger, { levels: { 'attempt.started': 'error', 'provider.closed': 'silent' } })
  const started = { type: 'attempt.started', id: 'n1', at: 0, step: 0, channel: 'sms', attempt: 0, provider: 'sms' } as const
  emit(started)
  emit({ type: 'provider.closed', at: 0, provider: 'sms' })
  stop()
  emit(started)
  expect(lines().map(({ level, event }) => [level, event])).toEqual([[50, 'attempt.started']])
})

test('nothing personal is logged, and no words of others, whatever happens', async () => {
  const w = eventful()
  const own = pinoPage()
  const { stream, text } = page()
  logEvents(w.notifier, own.logger)
  logEvents(w.notifier, new Console({ stdout: stream, stderr: stream, inspectOptions: { depth: 9 } }))
  await w.tell()
  const types = new Set(own.lines().map(({ event }) => event))
  expect([...types]).toEqual(
    expect.arrayContaining([
      'attempt.failed',
      'step.skipped',
      'content.refused',
      'provider.opened',
      'attempt.receipt',
      'attempt.contradicted',
      'recipient.suppressed',
      'receipt.parked',
      'receipt.unmatched',
      'notification.corrected',
    ]),
  )
  expectNothingPersonal(own.text())
  expectNothingPersonal(text())
})

test('words of vendors and of hooks are logged where the app asks for them, but no links', async () => {
  const w = eventful()
  const { logger, text, lines } = pinoPage()
  logEvents(w.notifier, logger, { words: true })
  await w.tell()
  const told = (type: keyof NotifierEvents) => lines().filter(({ event }) => event === type)
  expect(told('attempt.failed')[0]).toMatchObject({ failure: personal.words })
  expect(told('step.skipped')[0]).toMatchObject({ reason: `vetoed: ${personal.veto}` })
  // The record keeps a receipt's words without numbers and mailboxes.
  expect(told('attempt.receipt')[0]).toMatchObject({ raw: 'RAW-[number]', reason: 'vendor says: no such user [number]' })
  expect(told('receipt.parked')[0]).toMatchObject({ raw: personal.raw, reason: personal.words })
  for (const part of [personal.link, personal.email, personal.name, personal.text, personal.metadata, personal.messageId])
    expect(text().replaceAll(personal.veto, '')).not.toContain(part)
})

test('the page on telemetry names the level of every event, as they are', () => {
  const doc = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8')
  const rows = [...doc.matchAll(/^\| `(debug|info|warn|error)` \| (.*) \|$/gm)]
  const documented = rows.flatMap(([, level, names]) => [...names!.matchAll(/`([a-z.-]+)`/g)].map(([, type]) => [type, level]))
  const { events, emit } = source()
  const logged: string[][] = []
  const at = (level: string) => (_: unknown, words: string) => void logged.push([words.replace('omnicascade: ', ''), level])
  logEvents(events, { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') })
  for (const [type] of documented) emit({ type, at: 0, error: new Error() } as never)
  expect(documented.length).toBe(27)
  expect(Object.fromEntries(logged)).toEqual(Object.fromEntries(documented))
})
