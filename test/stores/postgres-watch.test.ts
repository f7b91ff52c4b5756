import { migrate, postgres } from 'omnicascade/stores/postgres'
import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'
import { atOnce, next, recordOf } from './postgres/support.ts'

const world = await postgresWorld()

describe.skipIf(world === null)('changes are announced', async () => {
  if (world === null) return
  const { schema } = world
  const admin = world.pool()
  await migrate({ pool: admin, schema })

  /** What a watcher hears, to be waited for one by one. */
  function ears() {
    const heard: (string | null)[] = []
    let wake = () => {}
    return {
      heard,
      onChange(id: string | null) {
        heard.push(id)
        wake()
      },
      async until(isEnough: () => boolean) {
        while (!isEnough())
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      },
    }
  }

  test('to other stores, with odd and with many ids; a store does not hear itself', async () => {
    const [one, other] = [postgres({ pool: world.pool(), schema }), postgres({ pool: world.pool(), schema })]
    const [own, theirs] = [ears(), ears()]
    await one.watch?.(own.onChange)
    const stop = await other.watch?.(theirs.onChange)
    const odd = ['a,b', 'line\nbreak', 'quote"\\', 'ž\u0000']
    const ids = [...odd, ...Array.from({ length: 1500 }, (_, index) => `${index}-${'x'.repeat(20)}`)]
    await Promise.all(ids.map((id) => one.insert(recordOf(id))))
    await theirs.until(() => new Set(theirs.heard).size === ids.length)
    expect(theirs.heard.toSorted()).toEqual(ids.toSorted())
    await one.update(next(recordOf('a,b'), { settledAt: 1, dueAt: null }), 0)
    await theirs.until(() => theirs.heard.length > ids.length)
    expect(theirs.heard.at(-1)).toBe('a,b')
    expect(own.heard).toEqual([])
    await stop?.()
    await Promise.all([one.close?.(), other.close?.()])
  })

  test('an id too long for a message is no secret kept: any record may have changed', async () => {
    const [one, other] = [postgres({ pool: world.pool(), schema }), postgres({ pool: world.pool(), schema })]
    const { heard, onChange, until } = ears()
    await other.watch?.(onChange)
    await one.insert(recordOf('l'.repeat(5000)))
    await until(() => heard.length > 0)
    expect(heard).toEqual([null])
    expect(await other.due(5, 10_000)).toContain('l'.repeat(5000))
    await Promise.all([one.close?.(), other.close?.()])
  })

  test('the listening session is ended: it listens again, and says that something may have been missed', async () => {
    const name = `listener-${schema}`
    const other = postgres({ pool: world.pool({ application_name: name }), schema, clock: atOnce })
    const one = postgres({ pool: world.pool(), schema })
    const { heard, onChange, until } = ears()
    await other.watch?.(onChange)
    for (let round = 0; round < 3; round++) {
      heard.length = 0
      const listening = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and query like 'listen%'`
      expect((await admin.query(listening, [name])).rows).toHaveLength(1)
      await until(() => heard.includes(null))
      await one.insert(recordOf(`after${round}`))
      await until(() => heard.includes(`after${round}`))
    }
    await Promise.all([one.close?.(), other.close?.()])
  })

  test('one connection serves all watchers, and is given up with the last of them', async () => {
    const pool = world.pool()
    const store = postgres({ pool, schema })
    const stops = await Promise.all([1, 2, 3].map(() => store.watch?.(() => {})))
    expect(pool.totalCount - pool.idleCount).toBe(1)
    await stops[0]?.()
    await stops[1]?.()
    expect(pool.totalCount - pool.idleCount).toBe(1)
    await stops[2]?.()
    expect(pool.totalCount - pool.idleCount).toBe(0)
    await store.close?.()
  })

  test('in one message for many changes, some 20 ms later; what is left goes when the store is closed', async () => {
    const clock = virtualClock()
    const texts: string[] = []
    const real = world.pool()
    const counting = {
      query: (text: string, values?: unknown[]) => {
        if (text.includes('pg_notify')) texts.push(text)
        return real.query(text, values)
      },
      connect: () => real.connect(),
    }
    const store = postgres({ pool: counting, schema, clock })
    await Promise.all(Array.from({ length: 30 }, (_, index) => store.insert(recordOf(`batch${index}`))))
    await clock.advance(19)
    expect(texts).toHaveLength(0)
    await clock.advance(1)
    expect(texts).toHaveLength(1)
    await store.insert(recordOf('last-one'))
    await store.close?.()
    expect(texts).toHaveLength(2)
  })

  test('not at all where they are not wanted, or where there is but one connection', async () => {
    expect(postgres({ pool: world.pool(), schema, notify: false }).watch).toBe(undefined)
    expect(postgres({ pool: world.pool({ max: 1 }), schema }).watch).toBe(undefined)
  })
})
