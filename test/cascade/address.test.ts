import type { ChannelProvider } from 'omnicascade'
import { describe, expect, test } from 'vitest'
import { addressFor, receiptsOf, serves } from '../../src/cascade/address.ts'

const provider = (rest: Partial<ChannelProvider>): ChannelProvider => ({
  name: 'a',
  channels: ['sms', 'telegram'],
  receipts: 'full',
  send: async () => ({}),
  ...rest,
})

describe('where a provider sends to', () => {
  const gateway = provider({ addresses: { telegram: ['telegram', 'phone'] } })

  test('is the first address of the recipient that its channel takes', () => {
    expect(addressFor(gateway, 'telegram', { telegram: 42, phone: '+420777123456' })).toBe(42)
    expect(addressFor(gateway, 'telegram', { phone: '+420777123456' })).toBe('+420777123456')
    expect(addressFor(provider({}), 'telegram', { phone: '+420777123456' })).toBeUndefined()
  })

  test.each([null, undefined, ''])('is none that is %o', (telegram) => {
    expect(addressFor(gateway, 'telegram', { telegram: telegram as never, phone: '+420777123456' })).toBe('+420777123456')
  })

  test('is none that it does not accept', () => {
    const picky = provider({ accepts: (address) => String(address).startsWith('+420') })
    expect(addressFor(picky, 'sms', { phone: '+420777123456' })).toBe('+420777123456')
    expect(addressFor(picky, 'sms', { phone: '+380441234567' })).toBeUndefined()
  })

  test('is nobody’s address where its options fix the destination', () => {
    expect(addressFor(provider({ addresses: { chat: 'fixed' } }), 'chat', {})).toBeNull()
  })
})

test('a provider serves a cascade of its own only if it has all its channels', () => {
  const step = { channel: 'telegram', delegated: ['telegram', 'sms'], through: 'a' } as const
  expect(serves(provider({ delegates: true }), step)).toBe(true)
  expect(serves(provider({ delegates: true, channels: ['telegram'] }), step)).toBe(false)
  expect(serves(provider({}), step)).toBe(false)
})

test('what it reports may depend on the channel, and is nothing where it says nothing', () => {
  const mixed = provider({ receipts: { sms: 'failures' } })
  expect(receiptsOf(mixed, 'sms')).toBe('failures')
  expect(receiptsOf(mixed, 'telegram')).toBe('none')
  expect(receiptsOf(provider({}), 'sms')).toBe('full')
})
