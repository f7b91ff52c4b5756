import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSambaClient } from 'omnicascade/samba'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sambaTwin } from '../../examples/demo/twins/samba.ts'
import { createTables, cursorOf, exportSmsEvents } from '../../examples/samba-to-sqlite/export.ts'
import { scratch, startExample } from './start.ts'

const minute = 60_000
const day = 1440 * minute
const trackpoint = '4541245641234564'
const now = Date.parse('2026-11-25T12:00:00Z')

interface Happened {
  readonly userId: string
  readonly date: number
}

/** A Samba that has these events, and answers with those of the period, newest first. */
function samba(events: readonly Happened[], onAsked = () => {}) {
  return createSambaClient({
    trackpointId: trackpoint,
    apiKey: 'key',
    clock: virtualClock(now),
    async fetch(input, init) {
      onAsked()
      const { from, to } = (await new Request(input, init).json()) as { from: number; to: number }
      const asked = events.filter(({ date }) => date >= from && date <= to).toSorted((one, other) => other.date - one.date)
      const campaign = { id: 'c1', name: 'Black Friday' }
      return new Response(
        asked
          .map(({ userId, date }) => ({
            smsEvent: { trackpoint, userId, status: 'DELIVERED', date },
            source: { type: 'one-off', campaign, sendDate: date - 300 },
          }))
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(''),
      )
    },
  })
}

function database(path = ':memory:'): DatabaseSync {
  const db = new DatabaseSync(path)
  onTestFinished(() => db.close())
  createTables(db)
  return db
}

const usersIn = (db: DatabaseSync) =>
  db
    .prepare('select user_id from sms_events order by happened_at, user_id')
    .all()
    .map(({ user_id }) => user_id)

describe('the export', () => {
  const events = Array.from({ length: 40 }, (_, index) => ({
    userId: String(100 + index),
    date: now - 10 * day + index * 350 * minute,
  }))
  const everyone = events.map(({ userId }) => userId)
  const options = (db: DatabaseSync, to = now, all: readonly Happened[] = events) => ({
    samba: samba(all),
    db,
    trackpoint,
    to,
    since: now - 11 * day,
  })

  test('ended at whatever moment, loses nothing and has nothing twice after the next run', async () => {
    let moments = 0
    const whole = database()
    const count = () => void moments++
    await exportSmsEvents({ ...options(whole), samba: samba(events, count), onProgress: count })
    expect(usersIn(whole)).toEqual(everyone)
    expect(moments, 'a request, a batch and an end of each of 11 days, one of them empty').toBe(33)
    for (let last = 1; last <= moments; last++) {
      const db = database()
      const stop = new AbortController()
      let left = last
      const tick = () => {
        if (--left === 0) stop.abort(new Error('stopped'))
        stop.signal.throwIfAborted()
      }
      const stopped = exportSmsEvents({ ...options(db), samba: samba(events, tick), signal: stop.signal, onProgress: tick })
      await expect(stopped).rejects.toThrow('stopped')
      const before = usersIn(db).length
      const { added } = await exportSmsEvents(options(db))
      expect(added).toBe(events.length - before)
      expect(usersIn(db)).toEqual(everyone)
    }
  })

  test('reads what is new, and a little before: what turns up late, with the time at which it happened', async () => {
    const db = database()
    await exportSmsEvents(options(db))
    const late = { userId: 'late', date: now - 30 * minute }
    const later = { userId: 'later', date: now + 30 * minute }
    const { added, read } = await exportSmsEvents(options(db, now + 60 * minute, [...events, late, later]))
    expect([added, read]).toEqual([2, 2])
    expect(usersIn(db)).toEqual([...everyone, 'late', 'later'])
    expect(cursorOf(db, trackpoint)).toBe(now + 60 * minute)
  })

  test('keeps two accounts apart in one database', async () => {
    const db = database()
    await exportSmsEvents(options(db))
    const other = { ...options(db), trackpoint: 'another' }
    expect(cursorOf(db, 'another')).toBeUndefined()
    expect((await exportSmsEvents(other)).read, 'its first event, at the turn of a day, is in two periods').toBe(
      events.length + 1,
    )
  })
})

describe('npm run example:samba-to-sqlite', { timeout: 60_000 }, () => {
  test('killed over and over, by SIGKILL and by Ctrl-C, has every event once in the end', async () => {
    const every = 5 * minute
    const twin = await sambaTwin({ trackpointId: trackpoint, apiKey: 'key', every })
    onTestFinished(() => twin.close())
    const path = join(scratch(), 'events.db')
    const env = { SAMBA_TRACKPOINT: trackpoint, SAMBA_API_KEY: 'key', SAMBA_URL: twin.baseUrl, DATABASE: path }
    const start = Date.now()

    for (const [requests, signal] of [
      [1, 'SIGKILL'],
      [20, 'SIGKILL'],
      [45, 'SIGINT'],
      [60, 'SIGKILL'],
    ] as const) {
      const { child, ended } = startExample('samba-to-sqlite', env)
      await vi.waitUntil(() => twin.requests.length >= requests, { timeout: 20_000, interval: 1 })
      child.kill(signal)
      const { code, signal: killedBy, output } = await ended
      expect([code, killedBy]).toEqual(signal === 'SIGINT' ? [130, null] : [null, 'SIGKILL'])
      if (signal === 'SIGINT') expect(output).toContain('Stopped. Run it again to go on.')
    }
    const { code, output } = await startExample('samba-to-sqlite', env).ended
    expect(output).toMatch(/100 % .*\n[\d,]+ new events/)
    expect(output).not.toMatch(/from the beginning/)
    expect(code).toBe(0)

    const db = database(path)
    const dates = db.prepare('select happened_at as at from sms_events order by at').all()
    const first = Number(dates[0]?.at)
    const last = Math.floor((cursorOf(db, trackpoint) ?? 0) / every) * every
    expect(first, 'as far back as Samba goes').toBeLessThan(start - 89 * day)
    expect(dates.map(({ at }) => Number(at))).toEqual(
      Array.from({ length: (last - first) / every + 1 }, (_, n) => first + n * every),
    )
  })

  test('needs no account', async () => {
    const env = { DATABASE: join(scratch(), 'events.db') }
    const first = await startExample('samba-to-sqlite', env).ended
    expect(first.output).toMatch(
      /^A twin of Samba → .*, from the beginning\n(.*\n){4}.*100 % {2}129,\d{3} events\n129,\d{3} new events/,
    )
    const second = await startExample('samba-to-sqlite', env).ended
    expect(second.output).toMatch(/^A twin of Samba → .*, from 20\d\d-\S+Z on\n(.*\n)+\d new events/)
    expect([first.code, second.code]).toEqual([0, 0])
  })
})
