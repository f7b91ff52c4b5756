import { describe, expect, test } from 'vitest'
import { vendorWords } from '../../src/wire/redact.ts'

describe('vendorWords', () => {
  test('puts a vendor’s words on one line without what is secret in them', () => {
    expect(vendorWords('Mailbox <ada@example.org> unknown\r\n see https://x/?key=to%2Fken', ['ada@example.org', 'to/ken'])).toBe(
      'Mailbox <[redacted]> unknown see https://x/?key=[redacted]',
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
})
