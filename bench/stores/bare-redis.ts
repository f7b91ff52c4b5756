import type { Running } from '../kit/contender.ts'
import { drop, openRedis, type Place } from './engines.ts'
import { newId } from './notifications.ts'

/** `ioredis` by hand: a hash and an entry in a sorted set by due time, `batch` records to a pipeline. */
export function bareRedis(place: Place, batch: number, [first, accepted]: readonly [string, string]): Running {
  const client = openRedis()
  const key = (id: string) => `{${place.name}}:bare:${id}`
  const due = `{${place.name}}:bare-due`
  const write = (id: string, version: number, json: string) => [
    ['hset', key(id), 'version', version, 'json', json],
    ['zadd', due, Date.now(), id],
  ]

  async function store(): Promise<void> {
    const ids = Array.from({ length: batch }, () => newId())
    await client.pipeline(ids.flatMap((id) => write(id, 2, first))).exec()
    await client.pipeline(ids.flatMap((id) => write(id, 3, accepted))).exec()
  }

  return {
    async run(milliseconds) {
      const until = performance.now() + milliseconds
      let count = 0
      // Two pipelines, so that client and server work at the same time.
      const lane = async () => {
        for (; performance.now() < until; count += batch) await store()
      }
      await Promise.all(batch === 1 ? [lane()] : [lane(), lane()])
      return count
    },
    async close() {
      client.disconnect()
      await drop(place)
    },
  }
}
