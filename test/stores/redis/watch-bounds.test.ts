import { EventEmitter } from 'node:events'
import { redis } from 'omnicascade/stores/redis'
import { virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'

test('a subscription that is never answered fails in time, and leaves nothing behind', async () => {
  let disconnected = 0
  const subscriber = Object.assign(new EventEmitter(), {
    status: 'connecting',
    subscribe: () => new Promise(() => {}),
    connect: async () => {},
    disconnect: () => {
      disconnected++
      subscriber.emit('end')
    },
  })
  const clock = virtualClock(0)
  const client = { pipeline: () => ({}), duplicate: () => subscriber }
  const store = redis({ client: client as never, clock, timeout: '2s' })
  const watching = expect(store.watch!(() => {})).rejects.toMatchObject({ fault: 'unavailable' })
  await clock.advance('2s')
  await watching
  await store.close!()
  await clock.advance('1s')
  expect([disconnected, clock.timers]).toEqual([1, 0])
})
