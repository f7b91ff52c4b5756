import fc from 'fast-check'
import { formatTimeline } from 'omnicascade'
import { createPreferences, type FrequencyCap, memoryPreferences, type PreferencesOptions } from 'omnicascade/preferences'
import { fail, gate, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { day, email, ofUser, sms } from './support.ts'

type Category = 'security' | 'orders' | 'marketing'
const categories = { security: { critical: true }, orders: { whenCapped: 'hold' }, marketing: {} } as const
const weekly: FrequencyCap<Category> = { category: 'marketing', count: 2, per: '7d' }
const marketing = (userId = 'u1') => ({ ...ofUser(userId), category: 'marketing' })

function shop(
  caps: readonly FrequencyCap<Category>[],
  {
    clock = virtualClock(),
    store = memoryPreferences(),
    provider = sms(),
    name = 'n',
  }: Partial<PreferencesOptions<Category>> & {
    clock?: ReturnType<typeof virtualClock>
    provider?: ReturnType<typeof sms>
    name?: string
  } = {},
) {
  let sent = 0
  const createId = () => `${name}${++sent}`
  const w = world([provider, email()], { clock, createId, ...createPreferences({ store, categories, caps, clock }) })
  const states = async (ids: readonly string[]) => (await Promise.all(ids.map(w.states))).map(([first]) => first)
  return { ...w, provider, stateOf: states }
}

describe('a frequency cap', () => {
  test('lets so many notifications through in any window, and skips the rest, with the reason', async () => {
    const w = shop([weekly])
    const ids = [await w.send(['sms'], marketing()), await w.send(['sms'], marketing()), await w.send(['sms'], marketing())]
    await w.to(1)
    expect(await w.stateOf(ids)).toEqual(['succeeded', 'succeeded', 'skipped'])
    expect(formatTimeline(await w.record(ids[2]!))).toContain('skipped: vetoed: frequency cap')
    await w.clock.advanceTo(7 * day - 1)
    const early = await w.send(['sms'], marketing())
    await w.clock.advanceTo(7 * day)
    const later = await w.send(['sms'], marketing())
    await w.to(7 * 86_400 + 1)
    expect(await w.stateOf([early, later])).toEqual(['skipped', 'succeeded'])
  })

  test('is of one recipient and one category', async () => {
    const w = shop([{ ...weekly, count: 1 }])
    const ids = [
      await w.send(['sms'], marketing('u1')),
      await w.send(['sms'], marketing('u2')),
      await w.send(['sms'], { ...ofUser('u1'), category: 'orders' }),
      await w.send(['sms'], ofUser('u1')),
    ]
    await w.to(1)
    expect(await w.stateOf(ids)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
  })

  test('without a category counts all but what is critical', async () => {
    const w = shop([{ count: 2, per: '1d' }])
    const ids = [
      await w.send(['sms'], { ...ofUser('u1'), category: 'security' }),
      await w.send(['sms'], marketing()),
      await w.send(['sms'], ofUser('u1')),
      await w.send(['sms'], marketing()),
      await w.send(['sms'], { ...ofUser('u1'), category: 'security' }),
    ]
    await w.to(1)
    expect(await w.stateOf(ids)).toEqual(['succeeded', 'succeeded', 'succeeded', 'skipped', 'succeeded'])
  })

  test('counts a notification once, however many channels and tries it takes', async () => {
    const w = shop([{ ...weekly, count: 1 }], { provider: sms([fail('transient'), fail('transient'), fail('recipient')]) })
    const id = await w.send(['sms', 'email', { channel: 'email', required: true }], marketing())
    await w.to(120)
    expect(w.provider.calls).toHaveLength(3)
    expect(await w.states(id)).toEqual(['failed', 'succeeded', 'succeeded'])
    const next = await w.send(['sms'], marketing())
    await w.to(121)
    expect(await w.states(next)).toEqual(['skipped'])
  })

  test('gives its place back once nothing was sent for sure, and keeps it where nobody knows', async () => {
    const w = shop([{ ...weekly, count: 1 }], { provider: sms([fail('recipient'), fail('unknown')]) })
    const failed = await w.send(['sms'], marketing())
    await w.to(1)
    const unknown = await w.send(['sms'], marketing())
    await w.to(2)
    const last = await w.send(['sms'], marketing())
    await w.to(3)
    expect(await w.stateOf([failed, unknown, last])).toEqual(['failed', 'failed', 'skipped'])
  })

  test('gives the place of a cancelled notification back', async () => {
    const hold = gate()
    const provider = sms([hold.reply])
    const w = shop([{ ...weekly, count: 2 }], { provider: { ...provider, limits: { concurrency: 1 } } })
    await w.send(['sms'], marketing())
    const waiting = await w.send(['sms'], marketing())
    await w.to(1)
    await w.notifier.cancel(waiting)
    hold.release()
    const next = await w.send(['sms'], marketing())
    await w.to(2)
    expect(await w.stateOf([waiting, next])).toEqual(['skipped', 'succeeded'])
  })

  test('holds a notification until there is room, where its category says so', async () => {
    const w = shop([{ category: 'orders', count: 1, per: '1h' }])
    const order = { ...ofUser('u1'), category: 'orders' }
    const ids = [await w.send(['sms'], order), await w.send(['sms'], order), await w.send(['sms'], order)]
    const done = async () => (await w.stateOf(ids)).filter((state) => state === 'succeeded').length
    const impatient = await w.send(['sms'], { ...order, expiresAt: 1_800_000 })
    await w.to(1)
    expect(formatTimeline(await w.record(ids[1]!))).toContain('waits until 01:00:00: the app has put it off')
    await w.to(3599)
    expect([await done(), await w.outcome(impatient)]).toMatchObject([1, { status: 'expired' }])
    await w.to(3600)
    expect(await done()).toBe(2)
    await w.to(7199)
    expect(await done()).toBe(2)
    await w.to(7200)
    expect(await done()).toBe(3)
  })

  test('counts from the first attempt, not from the time at which it was first asked for', async () => {
    const hold = gate()
    const provider = sms([hold.reply])
    const w = shop([{ category: 'marketing', count: 1, per: '1m' }], { provider: { ...provider, limits: { concurrency: 1 } } })
    await w.send(['sms'], marketing('u2'))
    await w.send(['sms'], marketing('u1'))
    await w.to(25)
    hold.release()
    await w.to(26)
    expect(provider.calls).toHaveLength(2)
    await w.to(70)
    const early = await w.send(['sms'], marketing('u1'))
    await w.to(85)
    const later = await w.send(['sms'], marketing('u1'))
    await w.to(86)
    expect(await w.stateOf([early, later])).toEqual(['skipped', 'succeeded'])
  })

  test('without a userId is of each address, also where a fallback reaches another', async () => {
    const provider = sms(Array.from({ length: 5 }, () => fail('recipient')))
    const w = shop([{ category: 'marketing', count: 1, per: '1d' }], { provider })
    const ids: string[] = []
    for (const last of [1, 2, 3, 4, 5]) {
      const to = { phone: `+42077712345${last}`, email: 'ada@example.org' }
      ids.push(await w.send(['sms', 'email'], { to, category: 'marketing' }))
      await w.to(last)
    }
    const mails = await Promise.all(ids.map(async (id) => (await w.states(id))[1]))
    expect(mails).toEqual(['succeeded', 'skipped', 'skipped', 'skipped', 'skipped'])
    const again = await w.send(['sms'], { to: { phone: '+420777123451' }, category: 'marketing' })
    await w.to(6)
    expect(await w.states(again)).toEqual(['succeeded'])
  })

  test('gives the place back that a cancelled notification takes while its hook waits for the store', async () => {
    const store = memoryPreferences()
    const answers: (() => void)[] = []
    const isOptedOut = () => new Promise<boolean>((resolve) => answers.push(() => resolve(false)))
    const w = shop([{ ...weekly, count: 1 }], { store: { ...store, isOptedOut } })
    const id = await w.send(['sms'], marketing())
    await w.to(0)
    expect(answers).toHaveLength(1)
    expect(await w.notifier.cancel(id)).toBe('cancelled')
    await w.to(1)
    answers[0]!()
    await w.to(2)
    const next = await w.send(['sms'], marketing())
    await w.to(3)
    answers[1]!()
    await w.to(4)
    expect(await w.stateOf([id, next])).toEqual(['skipped', 'succeeded'])
  })

  test('is shared by processes', async () => {
    const [clock, store] = [virtualClock(), memoryPreferences()]
    const shops = ['a', 'b'].map((name) => shop([weekly], { clock, store, name }))
    const sent = shops.flatMap((w) => [1, 2, 3].map(async () => w.record(await w.send(['sms'], marketing()))))
    const ids = (await Promise.all(sent)).map(({ id }) => id)
    await clock.advanceTo(1000)
    const states = await Promise.all(ids.map((id) => shops[id.startsWith('a') ? 0 : 1]!.states(id)))
    expect(states.flat().filter((state) => state === 'succeeded')).toHaveLength(2)
  })
})

test('no window of time ever holds more first attempts than its cap, and none is refused without need', async () => {
  const waits = fc.record({ wait: fc.nat(90), of: fc.constantFrom('orders', 'marketing', null), again: fc.nat(3) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(waits, { maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(2), fc.nat(99)), { minLength: 1, maxLength: 3 }),
      checkCaps,
    ),
    { numRuns: 300 },
  )
})

/** Takes places one after the other, some of them anew, and counts by hand. */
async function checkCaps(
  asked: readonly { wait: number; of: string | null; again: number }[],
  limits: readonly (readonly [number, number])[],
): Promise<void> {
  const store = memoryPreferences()
  const caps = limits.map(([count, per], index) => ({ category: index === 0 ? null : 'orders', count: count + 1, per: per + 1 }))
  const forget = Math.max(...caps.map(({ per }) => per))
  const granted = new Map<string, { at: number; of: string | null }>()
  let at = 1000
  for (const [index, { wait, of, again }] of asked.entries()) {
    at += wait
    // Somebody who had not begun asks once more.
    const id = again === 0 && index > 0 ? `${index - 1}` : `${index}`
    const category = again === 0 && index > 0 ? asked[index - 1]!.of : of
    const own = caps.filter((cap) => cap.category === null || cap.category === category)
    granted.delete(id)
    const full = (moment: number) =>
      own.some(({ category: counted, count, per }) => {
        const within = [...granted.values()].filter((one) => one.at > moment - per && (counted === null || one.of === counted))
        return within.length >= count
      })
    const until = await store.takePlace({ id, recipient: 'r', category, at, caps: own, forgetUntil: at - forget })
    expect(until !== null).toBe(full(at))
    if (until === null) granted.set(id, { at, of: category })
    else expect([full(until), full(until - 1)]).toEqual([false, true])
  }
  for (const { category: counted, count, per } of caps) {
    const times = [...granted.values()].filter(({ of }) => counted === null || of === counted).map((one) => one.at)
    for (const end of times) expect(times.filter((time) => time > end - per && time <= end).length).toBeLessThanOrEqual(count)
  }
}
