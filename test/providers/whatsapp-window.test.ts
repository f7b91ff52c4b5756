import { memoryInboundStore, whatsappWindow } from 'omnicascade/providers/whatsapp-window'
import { virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'

const hour = 3_600_000

test('is open for a day, less a minute, after somebody wrote, however the number is spelt', async () => {
  const clock = virtualClock(0)
  const window = whatsappWindow({ clock })
  expect(await window.isOpen('+420777123456')).toBe(false)
  await window.wrote('420777123456', 0)
  await clock.advanceTo(24 * hour - 60_001)
  expect(await window.isOpen('whatsapp:+420777123456')).toBe(true)
  await clock.advanceTo(24 * hour - 60_000)
  expect(await window.isOpen('+420777123456')).toBe(false)
})

test('an older message that arrives late does not close it', async () => {
  const clock = virtualClock(20 * hour)
  const window = whatsappWindow({ clock })
  await window.wrote('1', 10 * hour)
  await window.wrote('1', 0)
  await clock.advanceTo(30 * hour)
  expect(await window.isOpen('1')).toBe(true)
})

test('memory forgets who has been silent for longest', () => {
  const store = memoryInboundStore()
  for (let number = 0; number < 100_001; number++) void store.put(String(number), number)
  expect([store.get('0'), store.get('1'), store.get('100000')]).toEqual([undefined, 1, 100_000])
})

test.each([[{ store: {} }], [{ clock: {} }], [{ stroe: {} }]])('refuses %j', (options) => {
  expect(() => whatsappWindow(options as never)).toThrow(/^whatsappWindow: /)
})
