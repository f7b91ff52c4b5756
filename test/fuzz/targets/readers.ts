import { SendError, WebhookParseError } from 'omnicascade'
import { snsKeys } from 'omnicascade/testing'
import { resultOf } from '../../../src/providers/apns/answer.ts'
import { meaningOf } from '../../../src/providers/smtp/replies.ts'
import { expiryOfJwt } from '../../../src/providers/twin/jwt.ts'
import { jsonFault, lenientJson, parseJson, parseJsonExactly, placeOf, textOf } from '../../../src/webhooks/json.ts'
import { base64Of, fromBase64, hexOf } from '../../../src/wire/bytes.ts'
import { verifyEcdsa } from '../../../src/wire/ecdsa.ts'
import { fieldsOf, wordOf } from '../../../src/wire/json.ts'
import { hmacJwt, isPrivateKey, verifiedClaims } from '../../../src/wire/jwt.ts'
import { mailboxOf, mailOf } from '../../../src/wire/mail.ts'
import { vendorWords } from '../../../src/wire/redact.ts'
import { checkFresh } from '../../../src/wire/replay.ts'
import { retryAfterOf } from '../../../src/wire/retry-after.ts'
import { isSignedBySns, isSnsCertificate, isSnsUrl } from '../../../src/wire/sns.ts'
import { publicKeyOf } from '../../../src/wire/x509.ts'
import { zonedTime } from '../../../src/wire/zoned-time.ts'
import { answersOf } from '../fixtures.ts'
import { ensure, Fault, type Target } from '../target.ts'
import { noon } from './webhook.ts'

const decoder = new TextDecoder()
const secret = 's1gning-s3cret'
const { certificate } = await snsKeys()
const token = await hmacJwt({ iss: 'Vonage', iat: noon / 1000 }, secret)
const vendorWordsFor = ['s3cret-0f-the-account', '+420777123456', 'ada@example.org']

/** What the adapters read headers, tokens, certificates and replies with. */
export const readerTargets: readonly Target[] = [
  {
    name: 'wire: JSON reader',
    corpus: [
      '{"a":[1,-2.5e-3,true,null,"\\u00e9\\n"],"b":{},"id":9007199254740993}',
      ' [\n[1],\r\n{"":""} ]\t',
      '"\\ud83d\\ude42"',
      '-0',
      '\ufeff{}',
    ],
    form: 'json',
    call(input) {
      const text = textOf('fuzz', input)
      const fault = jsonFault(text)
      ensure(fault === undefined || placeOf(text, fault).column > 0, 'a fault has no place')
      wordOf(fieldsOf(lenientJson(input)).a)
      try {
        const value = parseJson('fuzz', text)
        ensure(fault === undefined, 'JSON was said to be none')
        ensure(typeof parseJsonExactly('fuzz', text) === typeof value || typeof value === 'number', 'both readers differ')
      } catch (error) {
        if (error instanceof WebhookParseError)
          ensure(fault !== undefined || error.message.includes('too deeply'), 'what is no JSON was said to be some')
        throw error
      }
    },
  },
  {
    name: 'wire: Retry-After',
    corpus: ['30', '64.571', 'Wed, 25 Nov 2026 12:00:30 GMT', 'Wednesday, 25-Nov-26 12:00:30 GMT', '0'],
    call(input) {
      const wait = retryAfterOf(decoder.decode(input), noon)
      ensure(wait === undefined || (Number.isFinite(wait) && wait >= 0), `Retry-After is ${wait}`)
      return wait !== undefined
    },
  },
  {
    name: 'wire: times',
    corpus: ['2026-08-05 12:30:05', '2026-03-29T03:30:00', '2026-10-25 03:30:00', '1764062400', '1764062400.123456'],
    call(input, random) {
      const text = decoder.decode(input)
      const at = zonedTime(text, 'Europe/Kyiv')
      ensure(at === undefined || Number.isSafeInteger(at), `a local time is ${at}`)
      if (random.chance(0.5)) return at !== undefined
      checkFresh('Timestamp', text, noon)
    },
  },
  {
    name: 'wire: certificates (X.509)',
    corpus: [certificate, `\n${certificate}${certificate}`],
    async call(input, random) {
      const pem = random.chance(0.5) ? decoder.decode(input) : wrapped(input, random.chance(0.5))
      const key = publicKeyOf(pem)
      ensure(key === undefined || key.byteLength <= pem.length, 'a key is longer than its certificate')
      const message = {
        Message: 'x',
        SignatureVersion: random.pick(['1', '2', '__proto__']),
        Signature: base64Of(input.subarray(0, 256)),
      }
      ensure(!(await isSignedBySns(message, pem)), 'a signature that nobody made was taken')
      return key !== undefined
    },
  },
  {
    name: 'wire: addresses of Amazon SNS',
    corpus: [
      'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-010a507c1833636cd94bdb98bd93083a.pem',
      'https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:123456789012:MyTopic&Token=2336412f',
    ],
    call(input) {
      const text = decoder.decode(input)
      if (!isSnsUrl(text)) return false
      const { protocol, hostname, username } = new URL(text)
      ensure(
        protocol === 'https:' && /\.amazonaws\.com(\.cn)?$/.test(hostname) && username === '',
        'a stranger was taken for Amazon SNS',
      )
      return isSnsCertificate(text)
    },
  },
  {
    name: 'wire: JSON Web Tokens',
    corpus: [token, `${token}.x`, '..', 'eyJhbGciOiJub25lIn0.e30.'],
    async call(input) {
      const text = decoder.decode(input)
      const expiry = expiryOfJwt(text)
      ensure(expiry === undefined || Number.isFinite(expiry), `a token expires at ${expiry}`)
      ensure(!isPrivateKey(text), 'a token was taken for a key')
      const claims = await verifiedClaims(text, ['another secret', secret])
      ensure(claims === undefined || text === token, 'a token that nobody signed was taken')
      return claims !== undefined
    },
    secrets: [secret],
  },
  {
    name: 'wire: base64 and signatures',
    corpus: ['MEUCIQDw==', 'AAECAwQFBgcICQ==', btoa('x'.repeat(70))],
    async call(input) {
      const text = decoder.decode(input)
      const bytes = fromBase64(text)
      ensure(!(await verifyEcdsa(text, text, '', input)), 'a signature that nobody made was taken')
      if (bytes === undefined) return false
      ensure(hexOf(bytes).length === bytes.length * 2, 'hexadecimal digits are missing')
      ensure(
        base64Of(bytes).replace(/=+$/, '').slice(0, -1) === text.replace(/=+$/, '').slice(0, -1),
        'base64 comes back as another',
      )
    },
  },
  {
    name: 'wire: e-mail addresses',
    corpus: [
      'Shop <shop@example.org>',
      '"Ada \'the first\' L." <ada.lovelace@mail.example.org>',
      'ada@пример.испытание',
      'a@b.c\r\nBcc: d@e.f',
    ],
    call(input, random) {
      const text = decoder.decode(input)
      const mailbox = mailboxOf(text)
      const headers = { 'X-Ref': text, [text.slice(0, 20)]: 'x' }
      ensure(mailbox === undefined || !/[\r\n<>,;]|@.*@/.test(mailbox.address), 'an address hides another')
      if (random.chance(0.5)) return mailbox !== undefined
      try {
        mailOf({ subject: text, text, from: text, replyTo: text, headers })
      } catch (error) {
        ensure(error instanceof SendError && error.message.length < 500, `a mail threw ${String(error)}`)
        throw error
      }
    },
  },
  {
    name: "wire: vendors' words",
    corpus: [
      'No route to +420777123456 (see https://acme.example/e?token=s3cret-0f-the-account)',
      '550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown',
      'Bad token S3CRET-0F-THE-ACCOUNT at line 1\r\n\u2028two',
    ],
    call(input) {
      const words = vendorWords(decoder.decode(input), vendorWordsFor)
      ensure(words.length <= 201 && !/[\r\n\u2028\u2029]/.test(words), 'words are no line')
      for (const one of vendorWordsFor) ensure(!words.toLowerCase().includes(one.toLowerCase()), `words hold ${one}`)
    },
  },
  {
    name: 'smtp: replies',
    corpus: ['550 5.1.1 User unknown', '451 4.7.1 Try again later', '421', '554-5.7.1 Relay access denied', '250 OK'],
    call(input, random) {
      const command = random.pick([undefined, 'RCPT TO', 'DATA', 'AUTH', 'MAIL FROM'])
      return meaningOf({ reply: decoder.decode(input), command }) !== undefined
    },
  },
  {
    name: 'answers: apns',
    corpus: answersOf('apns').map(({ body }) => body),
    form: 'json',
    call(input, random) {
      const retryAfter = retryAfterOf(random.pick(['30', '1e308', '-5', undefined]))
      const answer = {
        status: random.pick([200, 204, 302, 400, 403, 410, 429, 500, 503]),
        id: random.pick(['id', undefined]),
        retryAfter,
      }
      try {
        resultOf({ ...answer, body: decoder.decode(input) })
      } catch (error) {
        if (!(error instanceof SendError)) throw new Fault(`an answer threw ${String(error)}`)
        throw error
      }
    },
  },
]

/** Any bytes as a certificate, in lines of the usual length or in one. */
function wrapped(bytes: Uint8Array, inLines: boolean): string {
  const base64 = Buffer.from(bytes).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${inLines ? base64.replace(/.{64}/g, '$&\n') : base64}\n-----END CERTIFICATE-----\n`
}
