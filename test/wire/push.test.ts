import { expect, test } from 'vitest'
import { checkPush, dataOf, isApnsToken, isExpoToken, ttlOf } from '../../src/wire/push.ts'

test.each([
  ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]', 'expo'],
  ['ExpoPushToken[a-b_c]', 'expo'],
  ['F5741A13-BCDA-434B-A316-5DC0E6FFA94F', 'expo'],
  ['00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0', 'apns'],
  ['A'.repeat(200), 'apns'],
  ['a'.repeat(63), 'neither'],
  ['a'.repeat(201), 'neither'],
  ['ExponentPushToken[]', 'neither'],
  ['ExponentPushToken[a] ', 'neither'],
  ['exponentpushtoken[a]', 'neither'],
  ['bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1', 'neither'],
  [{ endpoint: 'https://push.example.org', keys: { p256dh: 'x', auth: 'x' } }, 'neither'],
  [7, 'neither'],
  [undefined, 'neither'],
] as const)('tells whose the token %j is', (address, whose) => {
  expect([isExpoToken(address), isApnsToken(address)]).toEqual([whose === 'expo', whose === 'apns'])
})

test('counts bytes, and takes a title without a text', () => {
  expect(() => checkPush({ text: '', title: 'Hi' }, { a: 'é' }, 'Push', 10)).not.toThrow()
  expect(() => checkPush({ text: 'Hi' }, { a: 'éé' }, 'Push', 11)).toThrow(
    expect.objectContaining({ kind: 'content', field: 'text', message: 'the notification has 12 bytes, and Push takes 11' }),
  )
  expect(() => checkPush({ text: '' }, {}, 'Push', 10)).toThrow(expect.objectContaining({ kind: 'content', field: 'text' }))
})

test('puts the link beside the data, where it stays', () => {
  expect([
    dataOf({ text: '' }),
    dataOf({ text: '', data: { url: 'a', b: 'c' } }),
    dataOf({ text: '', url: 'https://example.org', data: { url: 'a', b: 'c' } }),
  ]).toEqual([{}, { url: 'a', b: 'c' }, { url: 'https://example.org', b: 'c' }])
})

test.each([
  [60_999, 60],
  [999, 0],
  [-5, 0],
  [1e12, 100],
])('keeps what waits %i ms for %i s', (within, seconds) => {
  expect(ttlOf(within, 100)).toBe(seconds)
})
