import { readFileSync } from 'node:fs'
import type { WebhookRequest } from 'omnicascade'
import {
  parseSendiosWebhookStrict,
  sendiosMailAddressKey,
  sendiosMailUserKey,
  sendiosMetaKey,
  sendiosReceipts,
  sendiosSmsKey,
  sendiosUserKey,
  sendiosWebhook,
} from 'omnicascade/webhooks/sendios'
import { describe, expect, test } from 'vitest'
import { sms } from './support.ts'

const mail = { event: 'sent', ts: 1549382627, type_id: 4, client_user_id: '991', email: 'Ada@Example.org' }
const receiptsOf = (...events: object[]) => sendiosReceipts(parseSendiosWebhookStrict(events))

describe('receipts of SMS events', () => {
  const keys = [sendiosSmsKey(1233), sendiosUserKey('test123', 15)]

  test('sent is sent, lost is failed, and a click is clicked, with its link, in Unix milliseconds', () => {
    const at = 1549382627000
    expect(receiptsOf(sms, { ...sms, event: 'sms_lost' }, { ...sms, event: 'sms_click', link: 'example.com' })).toStrictEqual([
      { provider: 'sendios', keys, messageId: '1233', status: 'sent', at, raw: 'sms_sent' },
      { provider: 'sendios', keys, messageId: '1233', status: 'failed', at, raw: 'sms_lost' },
      { provider: 'sendios', keys, messageId: '1233', status: 'clicked', at, raw: 'sms_click', link: 'example.com' },
    ])
  })

  test('find their attempt by sms_id first, then by user and template', () => {
    expect(keys).toEqual(['sms:1233', 'user:test123:template:15'])
    expect(receiptsOf({ ...sms, client_user_id: null })[0]?.keys).toEqual(['sms:1233'])
    expect(receiptsOf({ ...sms, template_id: null })[0]?.keys).toEqual(['sms:1233'])
  })
})

describe('receipts of e-mail events', () => {
  test('sent is sent, open is read, click is clicked, reject is failed with its reason; the others say nothing', () => {
    const events = ['created', 'queue', 'sent', 'open', 'click', 'reject', 'unsub'].map((event) => ({
      ...mail,
      event,
      reject_reason: 'validation',
    }))
    expect(receiptsOf(...events).map(({ raw, status, reason }) => [raw, status, reason])).toEqual([
      ['sent', 'sent', undefined],
      ['open', 'read', undefined],
      ['click', 'clicked', undefined],
      ['reject', 'failed', 'validation'],
    ])
  })

  test('find their attempt by what we put into meta, and then by nothing else', () => {
    expect(receiptsOf({ ...mail, meta: { omnicascade: 'n1.0.0', mail_id: 7 } })[0]?.keys).toEqual([sendiosMetaKey('n1.0.0')])
  })

  test('find it by user, then by address, with the type, where meta did not come back', () => {
    const keys = [sendiosMailUserKey('991', 4), sendiosMailAddressKey('ada@example.org', 4)]
    expect(receiptsOf(mail)[0]?.keys).toEqual(keys)
    expect(receiptsOf({ ...mail, meta: { mail_id: 7 } })[0]?.keys).toEqual(keys)
    expect(receiptsOf({ ...mail, client_user_id: null })[0]?.keys).toEqual(keys.slice(1))
    expect(receiptsOf({ ...mail, email: null })[0]?.keys).toEqual(keys.slice(0, 1))
  })

  test('are not made of events that nothing identifies', () => {
    expect(receiptsOf({ event: 'open', ts: 1 })).toEqual([])
    expect(receiptsOf({ ...mail, type_id: null })).toEqual([])
    expect(receiptsOf({ event: 'open', ts: 1, type_id: 4 })).toEqual([])
  })
})

describe('correlation keys', () => {
  test('stay as they are: records hold those of the releases before', () => {
    expect([
      sendiosSmsKey(1233),
      sendiosUserKey('991', 15),
      sendiosMetaKey('n1.0.0'),
      sendiosMailUserKey('991', 4),
      sendiosMailAddressKey('Ada@Example.org', 4),
    ]).toEqual(['sms:1233', 'user:991:template:15', 'meta:n1.0.0', 'user:991:type:4', 'mail:2fiy3mayqfd:type:4'])
  })
})

describe('the webhook source', () => {
  const request = (body: string): WebhookRequest => ({
    method: 'POST',
    url: new URL('https://example.org/hooks/sendios'),
    headers: new Map(),
    body: new TextEncoder().encode(body),
  })

  test('parses a request and gives its receipts', () => {
    const source = sendiosWebhook()
    const body = readFileSync(new URL('./fixtures/reject.captured.json', import.meta.url), 'utf8')
    const { events, errors } = source.parse(request(body))
    expect(errors).toEqual([])
    expect(source.receipts(events)).toEqual([
      {
        provider: 'sendios',
        keys: [sendiosMailAddressKey('Test@example.com', 1)],
        status: 'failed',
        at: 1618233303000,
        raw: 'reject',
        reason: 'validation',
      },
    ])
  })

  test('is that of Sendios, and takes whatever content type a webhook of JSON may come with', () => {
    const { provider, contentTypes } = sendiosWebhook()
    expect(provider).toBe('sendios')
    expect(contentTypes).toEqual([
      'application/json',
      'text/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/octet-stream',
    ])
  })

  test('keys, which events tell, hold no address', () => {
    const keys = [sendiosMailAddressKey('ada@example.org', 5), sendiosMailAddressKey('ADA@example.org', 5)]
    expect(keys[0]).toMatch(/^mail:[a-z\d]{6,11}:type:5$/)
    expect(keys[1]).toBe(keys[0])
    expect(sendiosMailAddressKey('eva@example.org', 5)).not.toBe(keys[0])
  })

  test('can be named after another provider, and be told to match the newest attempt', () => {
    const source = sendiosWebhook({ provider: 'sendios-eu', match: 'newest' })
    expect(source.provider).toBe('sendios-eu')
    expect(source.receipts(source.parse(request(JSON.stringify(sms))).events)).toMatchObject([
      { provider: 'sendios-eu', match: 'newest' },
    ])
  })
})
