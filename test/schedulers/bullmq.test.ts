import { Redis } from 'ioredis'
import { bullmq } from 'omnicascade/schedulers/bullmq'
import { schedulerContract } from 'omnicascade/testing'
import { afterAll, describe, test } from 'vitest'
import { ownName, redisIsThere, redisUrl } from './support.ts'

const prefix = `{${ownName('bull')}}`

describe.skipIf(!redisIsThere)('BullMQ on Redis', () => {
  const client = new Redis(redisUrl, { lazyConnect: true })

  afterAll(async () => {
    const keys = await client.keys(`${prefix}:*`)
    if (keys.length > 0) await client.del(keys)
    client.disconnect()
  })

  describe.concurrent('keeps the contract', () => {
    const open = () => {
      const queue = ownName('q')
      return {
        scheduler: bullmq({ connection: client, queue, prefix }),
        another: () => bullmq({ connection: { url: redisUrl }, queue, prefix }),
        dispose() {},
      }
    }
    for (const { name, run } of schedulerContract({ open })) test(name, run, 60_000)
  })
})
