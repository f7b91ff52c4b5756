import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { type Receipt, type SmsContent, type Suppression, WebhookParseError } from 'omnicascade'
import { kannel, kannelWebhook } from 'omnicascade/providers/kannel'
import { type Answer, providerContract, signKannelWebhook, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { WebhookRequest } from '../../src/contract/webhook.ts'
import { cases } from '../support/cases.ts'
import { failureOf, thrownBy } from './failures.ts'

const login = { username: 'shop-login', password: 'correct horse' }
const token = 's3cret-t0ken'
const dlrUrl = `https://app.example.org/hooks/kannel?token=${token}`
const url = 'http://kannel.example.org:13013/cgi-bin/sendsms'

const requestFor = (content: SmsContent, to: SendRequest['to'] = '+420777123456'): SendRequest<'sms'> => ({
  channel: 'sms',
  to,
  content,
  recipient: { phone: '+420777123456' },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 150_000,
})

const says =
  (status: number, words: string): Answer =>
  () =>
    new HttpResponse(words, { status, headers: { 'content-type': 'text/html' } })

cases(
  'kannel, as every provider',
  providerContract({
    create: ({ baseUrl, fetch }) => kannel({ ...login, dlrUrl, url: `${baseUrl}/cgi-bin/sendsms`, fetch }),
    request: requestFor({ text: 'Hi' }),
    success: { answer: says(202, '0: Accepted for delivery'), result: { messageId: 'n1.0.0' } },
    failures: {
      'a wrong password': { answer: says(403, 'Authorization failed for sendsms'), kind: 'configuration', code: '403' },
      'a number that no connection takes': { answer: says(403, 'Not routable. Do not try again.'), kind: 'content' },
      'a number on the black list': {
        answer: says(400, 'Number(s) has/have been denied by white- and/or black-lists.'),
        kind: 'recipient',
        code: '400',
      },
      'a number on the black list, as later versions put it': {
        answer: says(400, 'Number(s) has/have been denied by white/black lists, or allowed/denied rules.'),
        kind: 'recipient',
      },
      'words that quote the log-in and the number': {
        answer: says(400, 'Denied: +420777123456 shop-login correct horse'),
        kind: 'content',
      },
      'no number': { answer: says(400, 'Empty receiver number not allowed, rejected'), kind: 'recipient' },
      'no sender': { answer: says(400, 'Sender missing and no global set, rejected'), kind: 'configuration' },
      'a field that is wrong': { answer: says(400, 'Priority field misformed, rejected'), kind: 'content' },
      'another content type': { answer: says(415, 'Unsupported content-type, rejected'), kind: 'content' },
      'another path': { answer: says(404, 'Unknown request.'), kind: 'configuration' },
      'a connection that is down': { answer: says(503, 'Temporal failure, try again later.'), kind: 'transient', code: '503' },
      'smsbox that could not pass it on': { answer: says(500, 'Sending failed.'), kind: 'transient' },
      'a success that is none of Kannel’s': { answer: says(202, 'Welcome'), kind: 'unknown' },
    },
    secrets: ['shop-login', 'correct horse', token],
  }),
)

describe('kannel', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }
  const provider = kannel({ ...login, url, sender: 'Shop', dlrUrl, smsc: 'main' })

  const sending = (words = '0: Accepted for delivery') => {
    const calls: { text: string; headers: Record<string, string> }[] = []
    server.use(
      http.post(url, async ({ request }) => {
        const headers = Object.fromEntries([...request.headers].filter(([name]) => /^(x-kannel-.*|content-type)$/.test(name)))
        calls.push({ text: await request.text(), headers })
        return new HttpResponse(words, { status: 202 })
      }),
    )
    return calls
  }

  test('posts the text with its header fields, under a key that is known before', async () => {
    const calls = sending()
    expect(provider.keys?.(requestFor({ text: 'Hi' }))).toEqual(['n1.0.0'])
    expect(await provider.send(requestFor({ text: 'Hi' }), context)).toEqual({ messageId: 'n1.0.0' })
    const headers = {
      'content-type': 'text/plain; charset=UTF-8',
      'x-kannel-username': 'shop-login',
      'x-kannel-password': 'correct horse',
      'x-kannel-smsc': 'main',
      'x-kannel-from': 'Shop',
      'x-kannel-to': '+420777123456',
      'x-kannel-coding': '0',
      'x-kannel-validity': '2',
      'x-kannel-dlr-mask': '27',
      'x-kannel-dlr-url': `${dlrUrl}&key=n1.0.0&dlr=%d&at=%T&answer=%A`,
    }
    expect(calls).toEqual([{ text: 'Hi', headers }])
  })

  test('asks for UCS-2 where GSM 03.38 has not every character', async () => {
    const calls = sending('3: Queued for later delivery')
    await provider.send(requestFor({ text: 'Привет 👋' }), context)
    expect(calls).toMatchObject([{ text: 'Привет 👋', headers: { 'x-kannel-coding': '2' } }])
  })

  test('doubles the percent signs of the address, for Kannel reads them as its own', async () => {
    const calls = sending('Sent.')
    const own = kannel({ ...login, url, dlrUrl: 'https://app.example.org/h?token=%D0%B0' })
    await own.send({ ...requestFor({ text: 'Hi' }), idempotencyKey: 'a/d%A' }, context)
    expect(calls[0]?.headers['x-kannel-dlr-url']).toBe(
      'https://app.example.org/h?token=%%D0%%B0&key=a%%2Fd%%25A&dlr=%d&at=%T&answer=%A',
    )
    expect(calls[0]?.headers).not.toHaveProperty('x-kannel-from')
  })

  test.each([
    ['GSM 03.38', 'a', 160, 153],
    ['UCS-2', 'ы', 70, 67],
  ])('refuses a text in %s that Kannel would cut off, and names the setting', async (_, letter, single, joined) => {
    const calls = sending()
    const long = kannel({ ...login, url, maxMessages: 2 })
    await provider.send(requestFor({ text: letter.repeat(single) }), context)
    await long.send(requestFor({ text: letter.repeat(2 * joined) }), context)
    for (const [one, length] of [
      [provider, single + 1],
      [long, 2 * joined + 1],
    ] as const) {
      const error = await failureOf(one.send(requestFor({ text: letter.repeat(length) }), context))
      expect(error).toMatchObject({ kind: 'content', field: 'text', message: expect.stringContaining('max-messages') })
    }
    expect(calls).toHaveLength(2)
    expect(thrownBy(() => kannel({ ...login, url, maxMessages: 0 })).issues).toMatchObject([{ path: 'maxMessages' }])
  })

  test('lets a message choose its sender, and sends what is Kannel’s own', async () => {
    const calls = sending()
    const vendor = { kannel: { smsc: 'other', priority: 3, 'meta-data': '?smpp?entityid=1' } }
    await provider.send(requestFor({ text: 'Hi', sender: '+420600000000', vendor }), context)
    const headers = {
      'x-kannel-from': '+420600000000',
      'x-kannel-smsc': 'other',
      'x-kannel-priority': '3',
      'x-kannel-meta-data': '?smpp?entityid=1',
    }
    expect(calls).toMatchObject([{ headers }])
  })

  test.each([
    ['text', { text: '' }],
    ['sender', { text: 'Hi', sender: 'Магазин' }],
    ['sender', { text: 'Hi', sender: 'a\r\nx-kannel-to: +1' }],
    ['vendor.kannel.to', { text: 'Hi', vendor: { kannel: { to: '+1' } } }],
    ['vendor.kannel.priority', { text: 'Hi', vendor: { kannel: { priority: [1] } } }],
    ['vendor.kannel.account', { text: 'Hi', vendor: { kannel: { account: 'a\nb' } } }],
  ])('refuses a wrong %s before it calls', async (field, content) => {
    const calls = sending()
    expect(await failureOf(provider.send(requestFor(content as never), context))).toMatchObject({ kind: 'content', field })
    expect(calls).toEqual([])
  })

  test('has no receipts without an address for them, and refuses what is no number', async () => {
    const calls = sending()
    const silent = kannel({ ...login, url, name: 'gateway' })
    expect(silent).toMatchObject({ name: 'gateway', receipts: 'none', channels: ['sms'] })
    expect(provider.receipts).toBe('full')
    await silent.send(requestFor({ text: 'Hi' }), context)
    expect(calls[0]?.headers).not.toHaveProperty('x-kannel-dlr-url')
    expect(await failureOf(silent.send(requestFor({ text: 'Hi' }, 'someone'), context))).toMatchObject({ kind: 'recipient' })
  })

  test.each([
    [{ url }, ['username', 'password']],
    [{ ...login, url, password: 'a\r\nb' }, ['password']],
    [{ ...login, url, dlrUrl: 'https://app.example.org/hooks' }, ['dlrUrl']],
    [{ ...login, url, smsc: '' }, ['smsc']],
    [{ ...login }, ['url']],
    [{ ...login, url: 'kannel:13013' }, ['url']],
    [{ ...login, url, baseUrl: url }, ['baseUrl']],
  ])('refuses the options %j, repeating none', (options, paths) => {
    const error = thrownBy(() => kannel(options as never))
    expect(error.issues.map(({ path }) => path)).toEqual(paths)
    expect(error.message).not.toContain('correct horse')
  })
})

const at = 1_764_062_400_000
const report = (fields: Record<string, string>) =>
  new URLSearchParams({ key: 'n1.0.0', at: String(at / 1000), answer: '', ...fields }).toString()
const receipt = (status: Receipt['status'], raw: string, more: Partial<Receipt> = {}): Receipt => ({
  provider: 'kannel',
  keys: ['n1.0.0'],
  status,
  raw,
  at,
  ...more,
})
const hexOf = (text: string) => Buffer.from(text, 'utf16le').swap16().toString('hex')
const inbound = (fields: Record<string, string>) =>
  new URLSearchParams({ from: '420777123456', to: '7070', coding: '2', at: String(at / 1000), ...fields }).toString()
const optedOut = (state: Suppression['state'], raw: string): Suppression => ({
  state,
  provider: 'kannel',
  channel: 'sms',
  address: '+420777123456',
  reason: 'opted-out',
  at,
  raw,
})
const get = { method: 'GET', body: '', receipts: [] }

cases(
  'kannelWebhook, as every source',
  webhookContract({
    create: () => kannelWebhook({ secret: ['new secret', 'old secret'] }),
    samples: {
      'a delivery': {
        ...get,
        query: report({
          dlr: '1',
          answer: 'id:1 sub:001 dlvrd:001 submit date:2511251200 done date:2511251201 stat:DELIVRD err:000 text:Hi',
        }),
        receipts: [receipt('delivered', '1')],
      },
      'a message that the SMSC has taken': {
        ...get,
        query: report({ dlr: '8', answer: 'ACK/' }),
        receipts: [receipt('sent', '8')],
      },
      'a message that the SMSC refuses': {
        ...get,
        query: report({ dlr: '16', answer: 'NACK/0x0000000b/Invalid Destination Address' }),
        receipts: [receipt('failed', '16', { reason: 'NACK 0x0000000b' })],
      },
      'an inbound STOP': { ...get, query: inbound({ text: hexOf(' Стоп\n') }), suppressions: [optedOut('suppressed', 'Стоп')] },
    },
    sign: () => signKannelWebhook({ secret: 'old secret' }),
    forge: () => signKannelWebhook({ secret: 'odd secret' }),
    coversBody: false,
    secrets: ['new secret', 'old secret'],
  }),
)

describe('kannelWebhook', () => {
  const source = kannelWebhook({ secret: token })
  const request = (query: string): WebhookRequest => ({
    method: 'GET',
    url: new URL(`https://app.example.org/hooks/kannel?token=${token}&${query}`),
    headers: new Map(),
    body: new Uint8Array(),
  })
  const read = (query: string) => source.parse(request(query)).events

  test.each([
    ['1', '', ['delivered', undefined]],
    ['2', 'id:1 sub:001 dlvrd:000 stat:UNDELIV err:042 text:secret', ['failed', 'err 042']],
    ['2', 'id:1 stat:EXPIRED err:000', ['expired', undefined]],
    ['2', '', ['failed', undefined]],
    ['34', '', ['expired', undefined]],
    ['66', '', ['failed', undefined]],
    ['8', 'ACK/', ['sent', undefined]],
    ['16', 'NACK/', ['failed', undefined]],
    ['4', '', undefined],
    ['99', '', undefined],
  ])('reads %s with "%s" as %j', (dlr, answer, expected) => {
    const events = read(report({ dlr, answer }))
    expect(events).toMatchObject([{ event: 'report', key: 'n1.0.0', raw: dlr, at }])
    const [first] = source.receipts(events)
    expect(first && [first.status, first.reason]).toEqual(expected)
  })

  test.each([
    ['0', Buffer.from('stop').toString('hex'), { text: 'stop', command: 'stop' }],
    ['0', Buffer.from('START').toString('hex').toUpperCase(), { text: 'START', command: 'start' }],
    ['2', hexOf('Спасибо'), { text: 'Спасибо' }],
    ['0', '', { text: '' }],
  ])('reads an inbound message in coding %s: %s', (coding, text, expected) => {
    const event = { event: 'message', from: '+420777123456', to: '7070', at, ...expected }
    for (const from of ['420777123456', '+420777123456', '00420777123456'])
      expect(read(inbound({ coding, text, from }))).toEqual([event])
  })

  test('takes other words for opting out, and back in', () => {
    const own = kannelWebhook({ secret: token, stopWords: ['weg'], startWords: ['da'], name: 'gateway' })
    const suppressions = (text: string) => own.suppressions?.(own.parse(request(inbound({ text: hexOf(text) }))).events)
    expect(suppressions('WEG')).toEqual([{ ...optedOut('suppressed', 'WEG'), provider: 'gateway' }])
    expect(suppressions('Da')).toEqual([{ ...optedOut('restored', 'Da'), provider: 'gateway' }])
    expect(suppressions('STOP')).toEqual([])
  })

  test('keeps what it does not know, but for the token', () => {
    expect(read('a=b')).toEqual([{ event: 'unknown', raw: { a: 'b' } }])
  })

  test.each([
    ['at', report({ dlr: '1', at: '%T' })],
    ['at', inbound({ text: '', at: '' })],
    ['text', inbound({ text: 'STOP' })],
    ['text', inbound({ text: '0' })],
  ])('refuses a wrong %s', (path, query) => {
    expect(() => read(query)).toThrow(expect.objectContaining({ constructor: WebhookParseError, path }))
  })

  test.each([undefined, {}, { secret: '' }, { secret: [] }])('refuses the options %j', (options) => {
    expect(thrownBy(() => kannelWebhook(options as never)).issues).toMatchObject([{ path: 'secret' }])
  })
})
