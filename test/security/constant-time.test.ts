import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { comparisonsIn } from './comparisons.ts'

const src = resolve(import.meta.dirname, '../../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => [file.replaceAll('\\', '/'), readFileSync(resolve(src, file), 'utf8')] as const)

/** Comparisons that nobody outside can time, or whose values are none of a secret, each with the reason. */
const harmless: Readonly<Record<string, string>> = {
  'notifier/polling.ts: expected.delete(key)': 'ids of messages that were asked about',
  "notifier/polling.ts: expected.delete(key ?? '')": 'ids of messages that were asked about',
  'shorteners/store.ts: alphabet[digest[at % digest.length]! % alphabet.length]': 'makes a code that is then sent to people',
  'providers/fcm/token.ts: held?.token === token': 'both are tokens that we hold ourselves',
  'providers/twin/session.ts: tokens !== present': 'the same object or not',
  'providers/twin/session.ts: tokens?.token === token': 'both are tokens that we hold ourselves',
  'testing/http/shown.ts: shown.includes(secret)': 'a check for tests',
  'testing/store-contract/mixed.ts: expected === record.version': 'a version',
}

test('secrets, tokens, signatures and digests are compared in constant time, everywhere in src', () => {
  const found = files.flatMap(([file, source]) => comparisonsIn(source).map(({ text }) => `${file}: ${text}`))
  expect(found.filter((comparison) => !Object.hasOwn(harmless, comparison))).toEqual([])
  // One that is gone must not excuse another that is written like it.
  expect(Object.keys(harmless).filter((comparison) => !found.includes(comparison))).toEqual([])
})

test('every source that verifies does it by a comparison in constant time, or by a public key', () => {
  const checks = /\b(matchesSecret|constantTimeEqual|verifiedClaims|verifyEcdsa|isSignedBySns|verifyStandardWebhook)\(/
  const verifying = files.filter(([file, source]) => file.startsWith('providers/') && /\bverify[:(]|async verify\b/.test(source))
  expect(verifying.length).toBeGreaterThan(12)
  expect(verifying.filter(([, source]) => !checks.test(source)).map(([file]) => file)).toEqual([])
})

test.each([
  'if (signature === expected) {}',
  'if (expected !== given) {}',
  'if (headers.get("x-signature") == own) {}',
  "if (headers['x-hook-token'] !== value) {}",
  'const isOwn = given === options.secret',
  'const isOwn = options.signingSecret === given.trim()',
  'const isOwn = (await sha256Hex(body)) === claim',
  'const isOwn = hash.digest("hex") === given',
  'const isOwn = createHmac("sha256", key).update(body).digest("hex") === given',
  `const isOwn = \`sha256=\${digest}\` === given`,
  `const isOwn = given === \`Bearer \${token}\``,
  'const isOwn = given === prefix + signature',
  'const isOwn = ((secret as string)!) === given',
  'const isOwn = secrets.includes(given)',
  'const isOwn = accepted.includes(url.searchParams.get("token"))',
  'const isOwn = given.startsWith(apiKey)',
  'const isOwn = authorization.endsWith(password)',
  'const isOwn = given.localeCompare(password) === 0',
  'const isOwn = Object.is(given, secret)',
  'const isOwn = Buffer.compare(signature, own) === 0',
  'const isOwn = own.equals(signature)',
  'const isOwn = known.has(token)',
  'const tenant = tenants.get(apiKey)',
  'const tenant = tenants[token]',
  'switch (token) { case "a": break }',
  'const isLess = signature < expected',
  'const isOwn = (isNew ? newSecret : oldSecret) === given',
])('a planted comparison is found: %s', (source) => {
  expect(comparisonsIn(source)).toHaveLength(1)
})

test.each([
  'if (secret === undefined) {}',
  "if (typeof token !== 'string') {}",
  "if (secret !== '') {}",
  'if (secrets.length === 0) {}',
  'if (password == null) {}',
  'const isOwn = constantTimeEqual(signature, expected)',
  'const isOwn = matchesSecret(token, secrets)',
  "const given = headers.get('x-signature')",
  "const isNamed = 'token' in options",
  'const form = /^whsec_/.test(secret)',
  'if (status === 401) {}',
  'const { token } = options',
])('what tells nothing of a secret is not: %s', (source) => {
  expect(comparisonsIn(source)).toEqual([])
})
