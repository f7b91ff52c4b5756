import { parseSambaEvents } from 'omnicascade/samba'
import { expect, test } from 'vitest'

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
