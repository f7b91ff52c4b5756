import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { NotificationStore } from 'omnicascade'
import { redis } from 'omnicascade/stores/redis'
import { expect, test, vi } from 'vitest'
import { next, sampleRecord } from '../../../src/testing/store-contract/samples.ts'
import { describeOwnRedis, freePort, quiet, startRedis } from '../../support/redis.ts'

/** The record as it is now, if the server can be asked. */
async function current(store: NotificationStore) {
  try {
    return await store.get('n1')
  } catch {
    return undefined
  }
}

/** A sentinel that watches over the primary on `primaryPort`. */
async function startSentinel(primaryPort: number) {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-sentinel-'))
  const port = await freePort()
  const config = join(folder, 'sentinel.conf')
  await writeFile(config, `bind 127.0.0.1\nport ${port}\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${primaryPort} 1\n`)
  const sentinel = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' })
  const client = quiet(new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: 500 }))
  // It asks the primary for its replicas every ten seconds otherwise.
  await client.call('SENTINEL', 'DEBUG', 'info-period', '100')
  return {
    port,
    client,
    async stop() {
      client.disconnect()
      if (sentinel.kill('SIGKILL')) await once(sentinel, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

describeOwnRedis('a primary that is replaced', () => {
  test('is followed: what fails meanwhile says so, and scripts are sent anew', async () => {
    const servers = await Promise.all([startRedis({ 'repl-diskless-sync-delay': '0' }), startRedis()])
    const [primary, replica] = servers
    await replica.connect().replicaof('127.0.0.1', primary.port)
    const linked = async () => expect(await replica.connect().info('replication')).toContain('master_link_status:up')
    await vi.waitFor(linked, 10_000)
    const sentinel = await startSentinel(primary.port)
    const client = quiet(new Redis({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' }))
    try {
      const known = async () => expect(await sentinel.client.call('SENTINEL', 'REPLICAS', 'main')).toHaveLength(1)
      await vi.waitFor(known, { timeout: 20_000, interval: 100 })
      const store = redis({ client, prefix: 'sentinel' })
      let record = sampleRecord('n1')
      await store.insert(record)
      const failover = async () => expect(await sentinel.client.call('SENTINEL', 'FAILOVER', 'main')).toBe('OK')
      await vi.waitFor(failover, { timeout: 20_000, interval: 100 })
      const isPrimary = async () => String(await replica.connect().info('replication')).includes('role:master')
      for (
        let promoted = false;
        !promoted || (await replica.connect().hget('{sentinel}:record:n1', 'version')) !== String(record.version);
      ) {
        promoted ||= await isPrimary()
        const newer = next(record)
        try {
          if (await store.update(newer, record.version)) record = newer
        } catch (error) {
          expect(error).toMatchObject({ name: 'StoreError', fault: expect.stringMatching(/^(unavailable|readonly)$/) })
        }
        record = (await current(store)) ?? record
      }
      expect(await store.update(next(record), record.version)).toBe(true)
      expect(await replica.connect().hget('{sentinel}:record:n1', 'version')).toBe(String(record.version + 1))
    } finally {
      client.disconnect()
      await sentinel.stop()
      await Promise.all(servers.map((server) => server.stop()))
    }
  }, 60_000)
})
