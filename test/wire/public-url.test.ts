import { expect, test } from 'vitest'
import { isPublicHttps, isPublicLink } from '../../src/wire/public-url.ts'

test.each(['https://fcm.googleapis.com/fcm/send/x', 'https://updates.push.services.mozilla.com/wpush/v2/x'])('takes %s', (url) =>
  expect(isPublicHttps(url)).toBe(true),
)

test.each([
  'http://fcm.googleapis.com/x',
  'https://localhost/x',
  'https://metadata/x',
  'https://127.0.0.1/x',
  'https://2130706433/x',
  'https://0x7f.1/x',
  'https://[::1]/x',
  'https://169.254.169.254/latest/meta-data',
  'https://push.example.org:8443/x',
  'https://localhost.localdomain/x',
  'https://kubernetes.default.svc/x',
  'https://db.internal/x',
  'https://db.internal./x',
  'https://localhost../x',
  'https://user:pass@push.example.org/x',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '',
])('refuses %s', (url) => expect(isPublicHttps(url)).toBe(false))

test.each(['http://127.0.0.1../', 'http://localhost../', 'http://[3fff::1]/', 'http://192.88.99.1/'])(
  '%s is no public link',
  (url) => expect(isPublicLink(url)).toBe(false),
)

test.each(['http://192.88.98.1/', 'http://192.88.100.1/', 'http://[3ffe::1]/', 'http://[3fff:1000::1]/', 'http://example.org./'])(
  '%s is one',
  (url) => expect(isPublicLink(url)).toBe(true),
)
