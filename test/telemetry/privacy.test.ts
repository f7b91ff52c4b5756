import { HttpResponse, http } from 'msw'
import { createNotifier } from 'omnicascade'
import { logEvents } from 'omnicascade/logging'
import { virtualClock } from 'omnicascade/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { subjects } from '../security/subjects/all.ts'
import { carried, phone } from '../security/subjects/subject.ts'
import { formsOf, theWorld } from '../security/support.ts'
import { eventful, expectNothingPersonal, personal } from './personal.ts'
import { sdk } from './sdk.ts'

const world = theWorld()

/** All that an exporter is given. */
async function exported(o: ReturnType<typeof sdk>): Promise<string> {
  const spans = o.spans().map(({ name, attributes, events, links, status, resource, instrumentationScope }) => ({
    name,
    attributes,
    events,
    links,
    status,
    resource: resource.attributes,
    instrumentationScope,
  }))
  return JSON.stringify([spans, await o.metrics()])
}

test('nothing personal is exported, whatever happens to a notification', async () => {
  const o = sdk()
  const w = eventful({ telemetry: o.telemetry() })
  const id = await o.within('POST /orders', () => w.tell())
  const told = await exported(o)
  for (const part of ['attempt.failed', 'step.skipped', 'receipt email', 'send sms', 'omnicascade.fallbacks', id])
    expect(told).toContain(part)
  expectNothingPersonal(told)
})

test('the record of the same notification holds it all: the test would see a leak', async () => {
  const w = eventful()
  const id = await w.tell()
  const record = JSON.stringify([await w.record(id), w.events])
  for (const part of Object.values(personal)) expect(record).toContain(part)
})

test('a notification has its id on spans alone', async () => {
  const o = sdk()
  const w = eventful({ telemetry: o.telemetry(), createId: () => 'id-4711' })
  await w.tell()
  expect(JSON.stringify(await o.metrics())).not.toContain('id-4711')
})

const overHttp = subjects.filter(({ over = 'http' }) => over === 'http')

test.each(overHttp)(
  '$name: neither exporters nor logs are given what it was told, also where the vendor repeats it',
  async (subject) => {
    for (const request of subject.requests) {
      const o = sdk()
      const lines: string[] = []
      world.use(
        http.all('*', async ({ request: call }) => {
          const logIn = subject.logIn?.(new URL(call.url))
          if (logIn !== undefined) return logIn
          const echo = `${call.url} ${JSON.stringify([...call.headers])} ${await call.text()}`
          return subject.refusal?.(echo) ?? HttpResponse.text(echo, { status: 400 })
        }),
      )
      const notifier = createNotifier({
        providers: [subject.create()],
        telemetry: o.telemetry(),
        clock: virtualClock(Date.UTC(2026, 10, 25)),
        scheduler: 'manual',
      })
      logEvents(notifier, pino({ level: 'debug' }, { write: (line) => void lines.push(line) }))
      const { channel, to, content } = request
      const key = typeof to === 'string' && to.startsWith('+') ? 'phone' : channel
      await notifier.send({
        to: { ...request.recipient, [key]: to },
        content: { [channel]: content },
        cascade: [channel],
      } as never)
      await notifier.idle()
      await notifier.close()
      const told = `${await exported(o)}${lines.join('')}`
      expect(told).toContain('attempt.failed')
      const texts = ['text', 'subject', 'title', 'html'].flatMap((field) => (content as Record<string, unknown>)[field] ?? [])
      const addresses = [phone.slice(1), 'ada@example.org', 'u-42', ...(typeof to === 'string' && to.length > 6 ? [to] : [])]
      const hidden = [...formsOf(subject), ...addresses, ...texts.map(String), ...Object.values(carried)]
      expect(hidden.filter((part) => told.includes(part))).toEqual([])
      world.resetHandlers()
    }
  },
)
