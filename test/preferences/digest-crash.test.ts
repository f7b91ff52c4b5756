// A process that dies at each of its writes, before or after it, and one that goes on where it was.
import { createNotifier, type NotificationStore } from 'omnicascade'
import type { DigestStore } from 'omnicascade/preferences'
import { sqlitePreferences } from 'omnicascade/preferences/sqlite'
import { sqlite } from 'omnicascade/stores/sqlite'
import { scriptedProvider, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { listDigest, ofUser } from './support.ts'

const minute = 60_000
const writes = ['insert', 'update', 'openWindow', 'announceWindow', 'addItem', 'closeWindow']
// When each item comes, of which key.
const script = [
  ['a', 0, 'x'],
  ['b', 1, 'y'],
  ['c', 30, 'x'],
  ['d', 59, 'x'],
  ['e', 60, 'x'],
  ['f', 70, 'y'],
] as const

/** Dies at write number `last`: that one is made or not, and nothing after it. */
function mortal(last: number, isMade: boolean) {
  let made = 0
  let isDead = false
  let die = () => {}
  const died = new Promise<void>((resolve) => {
    die = resolve
  })
  const call = async (isWrite: boolean, run: () => unknown) => {
    if (isWrite && !isDead) made++
    const isLast = isWrite && made === last
    const result = isDead || (isLast && !isMade) ? undefined : await run()
    if (isLast) {
      isDead = true
      die()
    }
    if (isDead) throw new Error('dead')
    return result
  }
  return {
    died,
    isDead: () => isDead,
    dying: <S extends NotificationStore | DigestStore>(store: S): S =>
      new Proxy(store, {
        get(target, name) {
          const run = Reflect.get(target, name)
          if (typeof run !== 'function') return run
          return (...given: unknown[]) => call(writes.includes(String(name)), () => run.apply(target, given))
        },
      }),
  }
}

test('a digest loses no item and shows none twice, whichever write its process dies at', { timeout: 60_000 }, async () => {
  const survived = { dead: 0, whole: 0 }
  for (let last = 1; survived.whole === 0; last++)
    for (const isMade of [false, true]) survived[(await live(last, isMade)) ? 'dead' : 'whole']++
  expect(survived.dead).toBeGreaterThan(40)
})

async function live(last: number, isMade: boolean): Promise<boolean> {
  // What was committed outlives the process; no test here cuts the power.
  const [notifications, preferences] = [sqlite(':memory:'), sqlitePreferences(':memory:')]
  const clock = virtualClock()
  const provider = scriptedProvider({ channels: ['sms'], receipts: 'none', idempotent: true })
  const start = (dying: <S extends NotificationStore | DigestStore>(store: S) => S, name: string) => {
    const news = listDigest(dying<DigestStore>(preferences), clock)
    let ids = 0
    const notifier = createNotifier({
      providers: [provider],
      store: dying(notifications),
      templates: [news.template],
      scheduler: 'manual',
      clock,
      createId: () => `${name}${++ids}`,
    })
    notifier.on('error', () => {})
    return { news, notifier }
  }
  const life = mortal(last, isMade)
  let worker = start(life.dying, 'one')
  let isRestarted = false
  const attempt = async (work: () => Promise<unknown>) => {
    if (isRestarted) return work()
    // What the dead still wait for never comes.
    await Promise.race([life.died, work()]).catch((error) => {
      if (!life.isDead()) throw error
    })
    if (!life.isDead()) return
    isRestarted = true
    worker = start((store) => store, 'two')
    await work()
  }
  for (const [item, at, key] of script) {
    await clock.advanceTo(at * minute)
    await attempt(() => worker.notifier.tick())
    const cascade = [{ channel: 'sms', onUnknown: 'resend' }] as const
    await attempt(() => worker.news.add(worker.notifier, { ...ofUser('u1'), cascade, key, id: item, item }))
  }
  for (const at of [72, 74, 121, 123, 125, 131, 133, 135, 140]) {
    await clock.advanceTo(at * minute)
    await attempt(() => worker.notifier.tick())
  }
  const messages = new Map(
    provider.calls.map(({ idempotencyKey, content }) => [idempotencyKey, (content as { text: string }).text]),
  )
  const shown = [...messages.values()].flatMap((text) => text.split(','))
  expect(shown.sort(), `dead at write ${last}, made: ${isMade}`).toEqual(script.map(([item]) => item))
  await notifications.close?.()
  await preferences.close()
  return isRestarted
}
