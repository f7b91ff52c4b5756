import { redis } from 'omnicascade/stores/redis'
import { storeContract } from 'omnicascade/testing'
import { test } from 'vitest'
import { connect, describeRedis, dropPrefix, ownPrefix } from '../../support/redis.ts'

/** Each store has a client of its own, as another process would. */
function open(keyPrefix = '') {
  const prefix = ownPrefix()
  const clients: ReturnType<typeof connect>[] = []
  const another = () => {
    const client = connect({ keyPrefix })
    clients.push(client)
    return redis({ client, prefix })
  }
  const store = another()
  return {
    store,
    reopen: another,
    async dispose() {
      await store.close?.()
      const cleaner = connect()
      await dropPrefix(cleaner, prefix)
      cleaner.disconnect()
      for (const client of clients) client.disconnect()
    },
  }
}

describeRedis('the store contract', () => {
  for (const { name, run } of storeContract(open)) test(name, run, 30_000)
})

describeRedis('the store contract, with a client that has a keyPrefix of its own', () => {
  for (const { name, run } of storeContract(() => open('app:'))) test(name, run, 30_000)
})
