import { HttpResponse } from 'msw'
import { bitly } from 'omnicascade/shorteners/bitly'
import { kutt } from 'omnicascade/shorteners/kutt'
import { rebrandly } from 'omnicascade/shorteners/rebrandly'
import { shortIo } from 'omnicascade/shorteners/short-io'
import { tinyurl } from 'omnicascade/shorteners/tinyurl'
import { vkCc } from 'omnicascade/shorteners/vk-cc'
import { yourls } from 'omnicascade/shorteners/yourls'
import { type Answer, type ShortenerContract, shortenerContract } from 'omnicascade/testing'
import { cases } from '../support/cases.ts'

const secret = 's3cret-0f-the-account'
const long = 'https://example.org/order/1?token=secret'
const says =
  (status: number, body: object): Answer =>
  () =>
    HttpResponse.json(body, { status })

const contracts: Readonly<Record<string, ShortenerContract>> = {
  bitly: {
    create: (wire) => bitly({ accessToken: secret, ...wire }),
    success: { answer: says(201, { link: 'https://bit.ly/2ab3cd' }), short: 'https://bit.ly/2ab3cd' },
    failures: {
      'a token that is none': { answer: says(403, { message: 'FORBIDDEN' }), kind: 'configuration', code: 'FORBIDDEN' },
      'the month is used up': { answer: says(429, { message: 'MONTHLY_LIMIT_EXCEEDED' }), kind: 'transient' },
      'no link': { answer: says(400, { message: 'INVALID_ARG_LONG_URL', description: long }), kind: 'content' },
    },
    secrets: [secret],
  },
  tinyurl: {
    create: (wire) => tinyurl({ apiToken: secret, ...wire }),
    success: {
      answer: says(200, {
        data: { tiny_url: 'https://tinyurl.com/2p9abc', domain: 'tinyurl.com', url: long },
        code: 0,
        errors: [],
      }),
      short: 'https://tinyurl.com/2p9abc',
    },
    failures: {
      'no link': { answer: says(422, { code: 5, errors: [`The ${long} is wrong.`] }), kind: 'content', code: '5' },
      'a refusal in a 200': { answer: says(200, { code: 5, errors: ['Invalid'] }), kind: 'content', code: '5' },
      'a token that is none': { answer: says(401, { code: 1, errors: ['Unauthorized'] }), kind: 'configuration' },
      'too many': { answer: says(429, { code: 9, errors: ['Slow down'] }), kind: 'transient' },
    },
    secrets: [secret],
  },
  'short.io': {
    create: (wire) => shortIo({ apiKey: secret, domain: 'go.example.org', ...wire }),
    success: {
      answer: says(200, { shortURL: 'http://go.example.org/x1', secureShortURL: 'https://go.example.org/x1', duplicate: false }),
      short: 'https://go.example.org/x1',
    },
    failures: {
      'no link': { answer: says(400, { message: `Bad ${long}`, success: false }), kind: 'content', code: '400' },
      'a key that is none': { answer: says(401, { error: 'Unauthorized', success: false }), kind: 'configuration', code: '401' },
      'a plan that is used up': { answer: says(402, { error: 'Upgrade', success: false }), kind: 'configuration' },
      'a path that is taken': { answer: says(409, { error: 'Link already exists' }), kind: 'content' },
      'too many': { answer: says(429, { error: 'Slow down' }), kind: 'transient' },
    },
    secrets: [secret],
  },
  rebrandly: {
    create: (wire) => rebrandly({ apiKey: secret, ...wire }),
    success: { answer: says(200, { id: 'a1', shortUrl: 'rebrand.ly/abc', https: true }), short: 'https://rebrand.ly/abc' },
    failures: {
      'no link': {
        answer: says(403, { httpCode: 403, code: 'InvalidFormat', message: long, errors: [{ code: 'InvalidFormat' }] }),
        kind: 'content',
        code: 'InvalidFormat',
      },
      'a plan that is used up': { answer: says(403, { code: 'LimitReached', message: 'x' }), kind: 'configuration' },
      'a key that is none': { answer: says(401, { code: 'Unauthorized', message: 'x' }), kind: 'configuration' },
      'too many': { answer: says(429, { code: 'TooManyRequests', message: 'x' }), kind: 'transient' },
      'a link of no form': { answer: says(200, { shortUrl: 'javascript:alert(1)' }), kind: 'unknown' },
    },
    secrets: [secret],
  },
  yourls: {
    create: ({ baseUrl, fetch }) => yourls({ baseUrl, fetch, signature: secret }),
    success: {
      answer: says(200, { status: 'success', shorturl: 'https://go.example.org/abc', statusCode: '200', url: { url: long } }),
      short: 'https://go.example.org/abc',
    },
    failures: {
      'no link': {
        answer: says(400, { status: 'fail', code: 'error:nourl', message: long }),
        kind: 'content',
        code: 'error:nourl',
      },
      'a database that is down': { answer: says(500, { status: 'fail', code: 'error:db' }), kind: 'transient' },
      'two at once': { answer: says(503, { status: 'fail', code: 'error:concurrency' }), kind: 'transient' },
      'a signature that is none': {
        answer: says(403, { message: 'Please log in', errorCode: '403' }),
        kind: 'configuration',
        code: '403',
      },
    },
    secrets: [secret],
  },
  kutt: {
    create: (wire) => kutt({ apiKey: secret, ...wire }),
    success: {
      answer: says(201, { id: 'u', address: 'abc', link: 'https://kutt.it/abc', target: long }),
      short: 'https://kutt.it/abc',
    },
    failures: {
      'no link': { answer: says(400, { error: `Target ${long} is not valid.` }), kind: 'content', code: '400' },
      'a key that is none': { answer: says(401, { error: 'Unauthorized' }), kind: 'configuration' },
      'too many': { answer: says(429, { error: 'Slow down' }), kind: 'transient' },
    },
    secrets: [secret],
  },
  'vk.cc': {
    create: (wire) => vkCc({ accessToken: secret, ...wire }),
    success: {
      answer: says(200, { response: { key: 'abc', short_url: 'https://vk.cc/abc', url: long } }),
      short: 'https://vk.cc/abc',
    },
    failures: {
      'no link': { answer: says(200, { error: { error_code: 100, error_msg: long } }), kind: 'content', code: '100' },
      'a token that is none': {
        answer: says(200, { error: { error_code: 5, error_msg: secret } }),
        kind: 'configuration',
        code: '5',
      },
      'too many a second': { answer: says(200, { error: { error_code: 6, error_msg: 'x' } }), kind: 'transient', code: '6' },
    },
    secrets: [secret],
  },
}

for (const [vendor, contract] of Object.entries(contracts)) cases(`${vendor}, as every shortener`, shortenerContract(contract))
