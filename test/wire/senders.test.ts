import { expect, test } from 'vitest'
import { channelsOf, sendersRule } from '../../src/wire/senders.ts'

test.each([
  [{ sms: 'Shop' }, true],
  [{ sms: 'Shop', viber: 'Shop' }, true],
  [{}, false],
  [undefined, false],
  [{ sms: '' }, false],
  [{ sms: 'Shop', push: 'Shop' }, false],
  ['Shop', false],
])('takes %j for senders: %s', (given, isValid) => {
  expect(sendersRule(given, ['sms', 'viber'])[2]).toBe(isValid)
})

test('names the channels that have a sender', () => {
  expect(channelsOf({ viber: 'Shop' }, ['sms', 'viber'])).toEqual(['viber'])
})
