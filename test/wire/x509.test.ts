import { createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { base64Of, fromBase64 } from '../../src/wire/bytes.ts'
import { publicKeyOf } from '../../src/wire/x509.ts'

// `openssl req -x509`, a key on P-256: of version 3, with lengths of one byte and of two.
const body = `
MIIBbTCCAROgAwIBAgIUQlsB0JJhrhp0zWSKLLi/CbvrkwcwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAeFw0yNjExMjUwOTQzMTNaFw0zNjExMjIwOTQzMTNaMAwx
CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATuYC+4ggTHKOXK
HRMgvTM58mHgT4sHRiAMjVpL8f7czsq9H7CaKinRPpLvJb0Wo689pBEZC0kjxtLK
PbTPBnW0o1MwUTAdBgNVHQ4EFgQUOvdoXQVbliqBaqnGSkQstFtHUXgwHwYDVR0j
BBgwFoAUOvdoXQVbliqBaqnGSkQstFtHUXgwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiBhp4Qd8v4aT4iBoyPYzTsW7dUCUP0e/9bP0FopOZIq6wIh
ANvvLBVITX761BX6pmGy2An+GO6Fh08BkvtdsgkBqrMt
`
const pem = `-----BEGIN CERTIFICATE-----${body}-----END CERTIFICATE-----\n`

test('finds the key in a certificate, as OpenSSL does', () => {
  const key = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  expect(Buffer.from(publicKeyOf(pem)!)).toEqual(key)
  expect(publicKeyOf(`\n${pem}${pem.replace('MII', 'AAA')}`)).toEqual(publicKeyOf(pem))
  expect(publicKeyOf(`<Attribute>${pem}</Attribute>`)).toBeUndefined()
})

test('finds none in what is no certificate, wherever it ends', () => {
  expect(publicKeyOf('')).toBeUndefined()
  expect(publicKeyOf(pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'))).toBeUndefined()
  expect(publicKeyOf(pem.replace('MII', '!!!'))).toBeUndefined()
  const der = fromBase64(body.replace(/\s/g, ''))!
  for (let length = 0; length < der.length; length++) {
    const cut = base64Of(der.subarray(0, length))
    expect(publicKeyOf(`-----BEGIN CERTIFICATE-----\n${cut}\n-----END CERTIFICATE-----`)).toBeUndefined()
  }
})
