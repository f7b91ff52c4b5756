// Under one idempotency key: which requests are the same, and in which fields others differ.
import type { JsonObject, NotificationRequest, Recipient } from 'omnicascade'
import { describe, expect, test } from 'vitest'
import { differences, fingerprintOf } from '../../src/cascade/fingerprint.ts'
import { plan } from '../../src/cascade/plan.ts'
import { hash } from '../../src/contract/hash.ts'
import { ada, content } from '../support/world.ts'

const context = {
  id: 'n1',
  now: 0,
  providers: [{ name: 'sms', channels: ['sms' as const], receipts: 'full' as const, send: async () => ({}) }],
  retry: { attempts: 1, baseDelay: 0, maxDelay: 0 },
  within: () => 0,
  timeZone: null,
}

function print(changes: Partial<NotificationRequest>) {
  const request: NotificationRequest = { to: ada, content, cascade: ['sms'], idempotencyKey: 'k', ...changes }
  return plan(request, context).fingerprint!
}

const differ = (one: Partial<NotificationRequest>, other: Partial<NotificationRequest>) => differences(print(one), print(other))

describe('the same request', () => {
  test.each<[string, Partial<NotificationRequest>, Partial<NotificationRequest>]>([
    [
      'metadata in another order',
      { metadata: { a: 1, b: { d: 2, c: 3 }, e: [] } },
      { metadata: { e: [], b: { c: 3, d: 2 }, a: 1 } },
    ],
    [
      'metadata that leaves out what is undefined',
      { metadata: { a: 1, b: undefined } as unknown as JsonObject },
      { metadata: { a: 1 } },
    ],
    ['a moment as date and as number', { sendAt: new Date(5000) }, { sendAt: 5000 }],
    ['an expiry as text and as number', { expiresAt: '1970-01-01T00:00:05Z' }, { expiresAt: 5000 }],
    ['an address that is null or left out', { to: { phone: ada.phone, email: null } as Recipient }, { to: { phone: ada.phone } }],
    ['a field that is undefined or left out', { window: undefined } as object, {}],
  ])('may be written with %s', (_, one, other) => {
    expect(differ(one, other)).toEqual([])
  })
})

describe('another request', () => {
  const window = { from: '09:00', to: '21:00' }

  test.each<[string, Partial<NotificationRequest>, Partial<NotificationRequest>]>([
    ['to', { to: ada }, { to: { ...ada, phone: '+420777123457' } }],
    ['content', {}, { content: { sms: { text: 'Bye' } } }],
    ['cascade', { cascade: [{ channel: 'sms' }] }, { cascade: ['sms'] }],
    ['window', {}, { window }],
    ['category', { category: 'orders' }, { category: 'security' }],
    ['metadata', { metadata: { a: 1, b: 2 } }, { metadata: { a: 2, b: 1 } }],
    ['metadata', { metadata: { list: [1, 2] } }, { metadata: { list: [2, 1] } }],
    ['metadata', { metadata: { list: [1] } }, { metadata: { list: { 0: 1 } } }],
    ['metadata', { metadata: { none: null } }, { metadata: {} }],
    ['metadata', { metadata: { n: 1 } }, { metadata: { n: '1' } }],
    ['metadata', { metadata: { a: '1,"b":2' } }, { metadata: { a: '1', b: 2 } }],
    ['sendAt', { sendAt: 0 }, {}],
    ['sendAt', { sendAt: 5000 }, { sendAt: 6000 }],
    ['expiresAt', { expiresAt: 5000 }, {}],
    ['expiresAt', { expiresAt: 5000 }, { expiresAt: 6000 }],
  ])('is told by its %s', (field, one, other) => {
    expect(differ(one, other)).toEqual([field])
  })

  test('is told by each field that differs, in order', () => {
    expect(differ({ window, to: { phone: ada.phone, timeZone: 'UTC' } }, { metadata: {}, sendAt: 1 })).toEqual([
      'metadata',
      'sendAt',
      'to',
      'window',
    ])
  })

  test('is told by its template apart from the variables', () => {
    const planned = { to: ada, sendAt: 0, expiresAt: null }
    const request: NotificationRequest = { to: ada, content, cascade: ['sms'] }
    const of = (version: string, name: string) =>
      fingerprintOf(request, { ...planned, message: { template: { id: 'hello', version }, variables: { name } } })
    expect(differences(of('1', 'Ada'), of('2', 'Ada'))).toEqual(['template'])
    expect(differences(of('1', 'Ada'), of('1', 'Eve'))).toEqual(['variables'])
    expect(differences(of('1', 'Ada'), fingerprintOf(request, { ...planned, message: { content } }))).toEqual([
      'content',
      'template',
      'variables',
    ])
  })
})

test('it is stored with the record: only what was given is in it, and a later version must come to the same', () => {
  const request = { to: { phone: '+420777123456' }, content: { sms: { text: 'Hi' } } }
  expect(print({ ...request, metadata: { list: [1, 'two', null], 'a "key"': { b: true, a: false } } })).toEqual({
    to: hash('{"phone":"+420777123456"}'),
    content: hash('{"sms":{"text":"Hi"}}'),
    cascade: '1hlv8e4swlu',
    metadata: hash(String.raw`{"a \"key\"":{"a":false,"b":true},"list":[1,"two",null]}`),
  })
  expect(hash('["sms"]')).toBe('1hlv8e4swlu')
})
