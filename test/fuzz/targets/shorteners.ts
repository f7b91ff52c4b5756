import { SendError } from 'omnicascade'
import { bitly } from 'omnicascade/shorteners/bitly'
import { kutt } from 'omnicascade/shorteners/kutt'
import { rebrandly } from 'omnicascade/shorteners/rebrandly'
import { shortIo } from 'omnicascade/shorteners/short-io'
import { tinyurl } from 'omnicascade/shorteners/tinyurl'
import { vkCc } from 'omnicascade/shorteners/vk-cc'
import { yourls } from 'omnicascade/shorteners/yourls'
import type { Shortener } from '../../../src/contract/links.ts'
import { ensure, type Target } from '../target.ts'
import { answersIn, type Wire } from './answer.ts'

const secret = 's3cret-0f-the-account'
const long = 'https://example.org/order/1?token=secret-0f-the-link'

/** Each with answers of its own, as in `test/shorteners/contract.test.ts`. */
const shorteners: Readonly<Record<string, readonly [(wire: Wire) => Shortener, ...(readonly [number, object])[]]>> = {
  bitly: [
    (wire) => bitly({ accessToken: secret, ...wire }),
    [201, { link: 'https://bit.ly/2ab3cd' }],
    [429, { message: 'MONTHLY_LIMIT_EXCEEDED' }],
    [400, { message: 'INVALID_ARG_LONG_URL', description: long }],
  ],
  tinyurl: [
    (wire) => tinyurl({ apiToken: secret, ...wire }),
    [200, { data: { tiny_url: 'https://tinyurl.com/2p9abc', domain: 'tinyurl.com', url: long }, code: 0, errors: [] }],
    [422, { code: 5, errors: [`The ${long} is wrong.`] }],
  ],
  'short.io': [
    (wire) => shortIo({ apiKey: secret, domain: 'go.example.org', ...wire }),
    [200, { shortURL: 'http://go.example.org/x1', secureShortURL: 'https://go.example.org/x1', duplicate: false }],
    [400, { message: `Bad ${long}`, success: false }],
  ],
  rebrandly: [
    (wire) => rebrandly({ apiKey: secret, ...wire }),
    [200, { id: 'a1', shortUrl: 'rebrand.ly/abc', https: true }],
    [403, { httpCode: 403, code: 'InvalidFormat', message: long, errors: [{ code: 'InvalidFormat' }] }],
  ],
  yourls: [
    ({ baseUrl, fetch }) => yourls({ baseUrl, fetch, signature: secret }),
    [200, { status: 'success', shorturl: 'https://go.example.org/abc', statusCode: '200', url: { url: long } }],
    [400, { status: 'fail', code: 'error:nourl', message: long }],
    [403, { message: 'Please log in', errorCode: '403' }],
  ],
  kutt: [
    (wire) => kutt({ apiKey: secret, ...wire }),
    [201, { id: 'u', address: 'abc', link: 'https://kutt.it/abc', target: long }],
    [400, { error: `Target ${long} is not valid.` }],
  ],
  'vk.cc': [
    (wire) => vkCc({ accessToken: secret, ...wire }),
    [200, { response: { key: 'abc', short_url: 'https://vk.cc/abc', url: long } }],
    [200, { error: { error_code: 100, error_msg: long } }],
  ],
}

/** Every link shortener that calls a vendor. */
export const shortenerTargets: readonly Target[] = Object.entries(shorteners).map(([name, [create, ...answers]]) => {
  const { corpus, answerTo } = answersIn(answers.map(([status, json]) => ({ status, headers: {}, body: JSON.stringify(json) })))
  return {
    name: `answers: ${name}`,
    corpus,
    form: 'json',
    secrets: [secret, 'secret-0f-the-link'],
    read: false,
    async call(input, random) {
      const answer = answerTo(input, random)
      const shorten = create({ baseUrl: 'http://vendor.example.org', fetch: async () => answer() })
      try {
        const short = await shorten(long, {
          channel: 'sms',
          notificationId: 'n1',
          dryRun: false,
          signal: new AbortController().signal,
        })
        ensure(typeof short === 'string' && /^https?:\/\/\S+$/.test(short), 'a short link is none')
      } catch (error) {
        ensure(error instanceof SendError, `a shortener threw ${String(error)}`)
        throw error
      }
    },
  }
})
