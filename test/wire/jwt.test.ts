import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { hmacJwt, isPrivateKey, jwtSigner, verifiedClaims } from '../../src/wire/jwt.ts'

test.each(['RS256', 'ES256'] as const)('signs %s as node:crypto verifies it', async (alg) => {
  const { privateKey } =
    alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  expect(isPrivateKey(pem)).toBe(true)
  const sign = await jwtSigner(alg, pem)
  const [header, claims, signature] = (await sign({ iss: 'žluť', iat: 1 }, { kid: 'k' })).split('.') as [string, string, string]
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg, typ: 'JWT', kid: 'k' })
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({ iss: 'žluť', iat: 1 })
  const key = createPublicKey(privateKey)
  const options = alg === 'RS256' ? key : { key, dsaEncoding: 'ieee-p1363' as const }
  expect(verify('sha256', Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('a key that cannot be read is told of without repeating it', async () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----'
  await expect(jwtSigner('RS256', pem)).rejects.toThrow(/^the private key cannot be read/)
  expect([isPrivateKey('x'), isPrivateKey(undefined)]).toEqual([false, false])
})

test('verifies what was signed with one of the secrets, and nothing else', async () => {
  // The example of jwt.io.
  const token =
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c'
  expect(await verifiedClaims(token, ['other', 'your-256-bit-secret'])).toMatchObject({ name: 'John Doe' })
  const own = await hmacJwt({ a: 1 }, 's')
  expect(await verifiedClaims(own, ['s'])).toEqual({ a: 1 })
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${own.split('.')[1]}.`
  for (const bad of [none, `${own}x`, `${own}.x`, own.slice(0, -2), '', 'a.b.c', '..'])
    expect(await verifiedClaims(bad, ['s'])).toBeUndefined()
  expect(await verifiedClaims(own, ['t'])).toBeUndefined()
})
