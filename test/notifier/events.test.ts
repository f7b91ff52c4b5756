import { createNotifier, type NotifierEvents } from 'omnicascade'
import { fail, scriptedProvider } from 'omnicascade/testing'
import { beforeEach, expect, expectTypeOf, type Mock, test, vi } from 'vitest'
import { world } from '../support/world.ts'

const sms = () => scriptedProvider({ channels: ['sms'], receipts: 'none' })

let printed: Mock<typeof console.error>
beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {})
})

test('a listener hears its own kind of event, with the type and fields of that kind', async () => {
  const w = world([sms()])
  const heard: NotifierEvents['attempt.accepted'][] = []
  w.notifier.on('attempt.accepted', (event) => {
    expectTypeOf(event.messageId).toEqualTypeOf<string | null>()
    expectTypeOf(event.type).toEqualTypeOf<'attempt.accepted'>()
    heard.push(event)
  })
  const id = await w.send(['sms'])
  await w.to(1)
  expect(heard).toEqual([
    { type: 'attempt.accepted', id, at: 0, step: 0, channel: 'sms', attempt: 0, provider: 'sms', messageId: `${id}.0.0` },
  ])
})

test('`*` hears everything, in the order in which it happened; the timeline says the same', async () => {
  const w = world([sms()])
  const id = await w.send(['sms'])
  await w.to(1)
  const types = ['notification.created', 'attempt.started', 'attempt.accepted', 'step.succeeded', 'notification.settled']
  expect(w.events.map(({ type }) => type)).toEqual(types)
  expect((await w.record(id)).timeline.map(({ type }) => type)).toEqual(types)
})

test('an event is emitted once its record is stored', async () => {
  const w = world([sms()])
  const states: unknown[] = []
  w.notifier.on('notification.settled', async ({ id }) => states.push((await w.notifier.get(id))?.outcome?.status))
  await w.send(['sms'])
  await w.to(1)
  expect(states).toEqual(['delivered'])
})

test('who unsubscribes hears nothing more, and the same listener subscribed twice stays subscribed once', async () => {
  const w = world([sms()])
  const heard: string[] = []
  const listener = ({ id }: { id: string }) => heard.push(id)
  const stop = w.notifier.on('notification.created', listener)
  w.notifier.on('notification.created', listener)
  await w.send(['sms'])
  stop()
  stop()
  await w.send(['sms'])
  expect(heard).toEqual(['n1', 'n1', 'n2'])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('listener')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('listener')
    },
  ],
] as const)('a listener that %s becomes an `error` event; the other listeners and the work go on', async (_, listener) => {
  const w = world([sms()])
  const heard: string[] = []
  w.notifier.on('attempt.started', listener)
  w.notifier.on('attempt.started', () => heard.push('next'))
  const id = await w.send(['sms'])
  await w.to(1)
  expect(heard).toEqual(['next'])
  expect(w.events.filter(({ type }) => type === 'error')).toMatchObject([{ error: { message: 'listener' } }])
  expect((await w.outcome(id))?.status).toBe('delivered')
})

test('a `*` listener that throws at everything, errors too, is printed and does not go round in circles', async () => {
  const w = world([sms()])
  w.notifier.on('*', () => {
    throw new Error('listener')
  })
  const id = await w.send(['sms'])
  await w.to(1)
  expect((await w.outcome(id))?.status).toBe('delivered')
  expect(printed).toHaveBeenCalledTimes(5)
})

test('an error that nobody listens for is printed', async () => {
  const notifier = createNotifier({
    providers: [sms()],
    beforeSend() {
      throw 'no error at all'
    },
  })
  const { id } = await notifier.send({ to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] })
  expect(printed).toHaveBeenCalledWith(`omnicascade: notification ${id}:`, new Error('a string was thrown'))
  await notifier.close()
})

test('without listeners everything works', async () => {
  const notifier = createNotifier({ providers: [scriptedProvider({ channels: ['sms'], replies: [fail('content')] })] })
  const { id } = await notifier.send({ to: { phone: '+420777123456' }, content: { sms: { text: 'Hello' } }, cascade: ['sms'] })
  expect((await notifier.settled(id)).status).toBe('failed')
  await notifier.close()
})
