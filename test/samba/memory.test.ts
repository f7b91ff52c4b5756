import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { createSambaClient, parseSambaEvents } from 'omnicascade/samba'
import { expect, test } from 'vitest'
import { sambaServer } from './server.ts'

const line =
  '{"smsEvent":{"trackpoint":4541245641234564,"userId":"123456","status":"DELIVERED","date":1673763160310},"source":{"type":"one-off","campaign":{"id":"b2c8c642","name":"Black Friday"},"sendDate":1673763160010}}\n'

test('iteration of 40 MB holds no more than a chunk at a time', async () => {
  const chunk = new TextEncoder().encode(line.repeat(250))
  function* chunks() {
    for (let at = 0; at < 700; at++) yield chunk
  }
  let count = 0
  let most = 0
  const before = process.memoryUsage().arrayBuffers
  for await (const _ of parseSambaEvents(chunks())) {
    if (count++ % 5000 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(count).toBe(175_000)
  expect(most).toBeLessThan(4 << 20)
})

test('a connection is not read ahead of the consumer: the server has to wait', async () => {
  const block = Buffer.from(line.repeat(5000))
  const blocks = 24
  let written = 0
  const { baseUrl } = await sambaServer(async (response) => {
    for (; written < blocks; written++) if (!response.write(block)) await once(response, 'drain')
    response.end()
  })
  const iterator = createSambaClient({ trackpointId: '1', apiKey: 'k3y', baseUrl }).exportSmsEvents().batches()
  let count = (await iterator.next()).value!.length
  for (let at = 0; at < 3000; at++) await turn()
  expect(written).toBeLessThan(blocks / 2)
  for await (const batch of iterator) count += batch.length
  expect([written, count]).toEqual([blocks, blocks * 5000])
})
