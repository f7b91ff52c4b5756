import { describe, expect, test } from 'vitest'
import { vendorWords } from '../../src/wire/redact.ts'

describe('vendorWords', () => {
  test('puts a vendor’s words on one line without what is secret in them', () => {
    expect(vendorWords('Mailbox <ada@example.org> unknown\r\n see key=to%2Fken', ['ada@example.org', 'to/ken'])).toBe(
      'Mailbox <[redacted]> unknown see key=[redacted]',
    )
  })

  test('keeps short words, which would be found everywhere, and leaves out what is not there', () => {
    expect(vendorWords('chat 42 not found', ['42', 42, '', undefined])).toBe('chat 42 not found')
  })

  test('cuts only after it has redacted, so that no half of a secret is left', () => {
    expect(vendorWords('see secret-key', ['secret-key'], 10)).toBe('see [redac…')
  })

  test('takes a secret that looks like a pattern literally', () => {
    expect(vendorWords('a+b$& and .*.*', ['.*.*', 'a+b$&'])).toBe('[redacted] and [redacted]')
  })

  test('finds a secret in other letters than its own', () => {
    expect(vendorWords('no Ada.Lovelace, no ADA%2BLOVELACE', ['ada.lovelace', 'Ada+Lovelace'])).toBe(
      'no [redacted], no [redacted]',
    )
  })

  test.each([
    ['550 5.1.1 <ada.lovelace@example.org>: unknown', '550 5.1.1 <[address]>: unknown'],
    ['550 5.1.1 ada@example.org (user=ada@example.org)', '550 5.1.1 [address] ([address])'],
    ['550-5.7.26 Not authenticated\r\n550 5.7.26 (see RFC 7489)', '550-5.7.26 Not authenticated 550 5.7.26 (see RFC 7489)'],
    ['host said: 550 5.10.123.', 'host said: 550 5.10.123.'],
    ['5.7.26 2 messages', '5.7.26 2 messages'],
    ['550 5.1.1 380501234567 unknown', '550 5.1.1 [number] unknown'],
    ['550 380501234567 unknown', '550 [number] unknown'],
    ['550 +380 50 123 45 67 unknown', '550 [number] unknown'],
    ['380501234567 and +38 (050) 123-45-67', '[number] and [number]'],
    ['450 123456', '[number]'],
    ['Too Many Requests: retry after 12345', 'Too Many Requests: retry after 12345'],
    ['see https://vendor.example/?key=abc', 'see [url]'],
    [`token ${'ab1_'.repeat(16)}`, 'token [token]'],
  ])('takes out what nobody listed, and leaves the codes of mail servers: %j', (words, safe) => {
    expect(vendorWords(words)).toBe(safe)
  })

  test('reads a megabyte without a space in it at once', () => {
    expect(vendorWords('x:'.repeat(500_000), [], 10)).toBe('[token]')
  })
})
