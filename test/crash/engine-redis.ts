import { Redis } from 'ioredis'
import { bullmq } from 'omnicascade/schedulers/bullmq'
import { redis } from 'omnicascade/stores/redis'
import { type EngineContext, type EngineSetting, inRealTime, type OpenEngine } from './engines.ts'

/** Redis with BullMQ, under a prefix of the run's own. */
export async function open(
  { url, prefix }: Extract<EngineSetting, { engine: 'redis' }>,
  context: EngineContext,
): Promise<OpenEngine> {
  const retryStrategy = () => 50
  const client = new Redis(url, { retryStrategy, maxRetriesPerRequest: 200 })
  client.on('error', () => {})
  return {
    store: redis({ client, prefix }),
    scheduler: inRealTime(bullmq({ connection: client, prefix: `{${prefix}}`, redeliverAfter: '1s' }), context),
    async close() {
      client.disconnect()
    },
  }
}
