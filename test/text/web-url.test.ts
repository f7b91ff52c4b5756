import { expect, test } from 'vitest'
import { isWebUrl } from '../../src/text/web-url.ts'

test.each(['https://example.org', 'http://example.org/a?b=c#d', 'HTTPS://EXAMPLE.ORG', 'https://приклад.укр/шлях'])(
  '%j is an absolute URL of the web',
  (url) => {
    expect(isWebUrl(url)).toBe(true)
  },
)

test.each([
  '',
  'example.org',
  '//example.org',
  'ftp://example.org',
  'javascript:alert(1)//https://example.org',
  'https://',
  'https://example.org:port',
  ' https://example.org',
  'https://example.org/a b',
  'https://example.org/a\tb',
  'https://example.org/\u0000',
  'https://example.org/\u0085',
  ['https://example.org'],
  new URL('https://example.org'),
  undefined,
  null,
])('%j is none', (value) => {
  expect(isWebUrl(value)).toBe(false)
})
