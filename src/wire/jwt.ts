import type { JsonObject, JsonValue } from '../contract/json.ts'
import { base64Of, fromBase64, joined } from './bytes.ts'
import { matchesSecret } from './constant-time.ts'
import { hmac } from './hmac.ts'
import { fieldsOf, lookUp } from './json.ts'

const algorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const

/** Signs JSON Web Tokens (RFC 7519) of one key. */
export type JwtSigner = (claims: JsonObject, header?: JsonObject) => Promise<string>

/** Makes a signer of a private key in PEM (PKCS #8). Rejects with an `Error` that does not repeat the key. */
export async function jwtSigner(alg: keyof typeof algorithms, pem: string): Promise<JwtSigner> {
  const algorithm = algorithms[alg]
  const der = fromBase64(pem.replace(/-----(BEGIN|END) PRIVATE KEY-----|\s/g, ''))
  let key: Awaited<ReturnType<typeof crypto.subtle.importKey>>
  try {
    key = await crypto.subtle.importKey('pkcs8', der ?? new Uint8Array(), algorithm, false, ['sign'])
  } catch {
    throw new Error('the private key cannot be read: it must be PEM, PKCS #8')
  }
  return async (claims, header = {}) => {
    const text = `${encoded({ alg, typ: 'JWT', ...header })}.${encoded(claims)}`
    return `${text}.${urlSafe(base64Of(new Uint8Array(await crypto.subtle.sign(algorithm, key, joined([text])))))}`
  }
}

/** Whether a text is a private key in PEM (PKCS #8), as far as its form goes. */
export function isPrivateKey(text: unknown): text is string {
  return typeof text === 'string' && /^\s*-----BEGIN PRIVATE KEY-----[A-Za-z\d+/=\s]+-----END PRIVATE KEY-----\s*$/.test(text)
}

const hashes: Readonly<Record<string, 'SHA-256' | 'SHA-384' | 'SHA-512'>> = {
  HS256: 'SHA-256',
  HS384: 'SHA-384',
  HS512: 'SHA-512',
}

/** The claims of a token that was signed with one of `secrets` (HS256, HS384 or HS512); undefined if it was not. Times are the caller's to judge. */
export async function verifiedClaims(token: string, secrets: readonly string[]): Promise<JsonObject | undefined> {
  const [header = '', claims = '', signature = '', ...more] = token.split('.')
  const { alg } = decoded(header)
  const hash = typeof alg === 'string' ? lookUp(hashes, alg) : undefined
  if (hash === undefined || more.length > 0) return undefined
  const expected = secrets.map(async (secret) => urlSafe(base64Of(await hmac(hash, secret, `${header}.${claims}`))))
  return matchesSecret(signature, await Promise.all(expected)) ? decoded(claims) : undefined
}

/** A token of HS256, as vendors sign their webhooks. */
export async function hmacJwt(claims: JsonObject, secret: string): Promise<string> {
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  return `${text}.${urlSafe(base64Of(await hmac('SHA-256', secret, text)))}`
}

function encoded(value: JsonObject): string {
  return urlSafe(base64Of(joined([JSON.stringify(value)])))
}

function decoded(part: string): JsonObject {
  const padded = part
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(part.length / 4) * 4, '=')
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(fromBase64(padded) ?? new Uint8Array())) as JsonValue)
  } catch {
    return {}
  }
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
