import { WebhookVerificationError } from 'omnicascade'
import { expect, test } from 'vitest'
import { checkFresh, toleranceRule } from '../../src/wire/replay.ts'

test('takes a time within the tolerance, in either direction', () => {
  for (const seconds of ['700', '1000', '1300', '1000.5']) expect(() => checkFresh('x', seconds, 1_000_000)).not.toThrow()
  expect(() => checkFresh('x', '400', 1_000_000, '10m')).not.toThrow()
})

test.each(['699', '1301', '', 'NaN', '1e3', '-1000', '99999999999999', undefined])('refuses %s', (seconds) => {
  expect(() => checkFresh('x', seconds, 1_000_000)).toThrow(WebhookVerificationError)
})

test('the option is a duration', () => {
  expect([toleranceRule(undefined)[2], toleranceRule('5m')[2], toleranceRule('soon' as never)[2]]).toEqual([true, true, false])
})
