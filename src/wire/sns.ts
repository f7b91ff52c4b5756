import type { JsonObject } from '../contract/json.ts'
import { fromBase64, joined } from './bytes.ts'
import { lookUp } from './json.ts'
import { publicKeyOf } from './x509.ts'

/**
 * Whether a URL that a message brought is one of Amazon SNS itself. The host must name a region: by the wider pattern of aws-js-sns-message-validator,
 * `sns.s3-us-west-2.amazonaws.com`, a bucket of S3, is one as well.
 */
export function isSnsUrl(text: unknown): text is string {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return /^sns\.[a-z]{2}(-[a-z]+)+-\d{1,2}\.amazonaws\.com(\.cn)?$/.test(url.host)
}

/** Whether a URL is that of a certificate with which Amazon SNS signs. */
export function isSnsCertificate(text: unknown): text is string {
  if (!isSnsUrl(text)) return false
  const { pathname, search } = new URL(text)
  // With a query it may be an answer of the API, which repeats what its caller has stored.
  return search === '' && /^\/SimpleNotificationService-[\w-]+\.pem$/.test(pathname)
}

// A notification has neither SubscribeURL nor Token; what confirms a subscription or its end has both.
const signed = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/** What Amazon SNS signs of a message: names and values, each on its line. */
export function signedPartOf(message: JsonObject): string {
  return signed.flatMap((name) => (typeof message[name] === 'string' ? `${name}\n${message[name]}\n` : [])).join('')
}

const hashes: Readonly<Record<string, 'SHA-1' | 'SHA-256'>> = { 1: 'SHA-1', 2: 'SHA-256' }

/** Whether a message of Amazon SNS was signed with the key of a certificate (PEM): RSA, by `SignatureVersion` 1 with SHA-1, by 2 with SHA-256. */
export async function isSignedBySns(message: JsonObject, certificate: string): Promise<boolean> {
  const { SignatureVersion: version, Signature: signature } = message
  const hash = typeof version === 'string' ? lookUp(hashes, version) : undefined
  const bytes = typeof signature === 'string' ? fromBase64(signature) : undefined
  if (hash === undefined || bytes === undefined) return false
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash }
  try {
    const key = await crypto.subtle.importKey('spki', publicKeyOf(certificate) ?? new Uint8Array(), algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm, key, bytes, joined([signedPartOf(message)]))
  } catch {
    return false
  }
}
