import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { WebhookParseError } from 'omnicascade'
import { parseTwinCallback, twinWebhook } from 'omnicascade/providers/twin'
import { describe, expect, test } from 'vitest'
import type { WebhookRequest } from '../../../src/contract/webhook.ts'
import { noon } from './support.ts'

const captured = readFileSync(new URL('./fixtures/captured.json', import.meta.url))
const event = JSON.parse(captured.toString()) as Record<string, unknown>

const request = (body: Uint8Array): WebhookRequest => ({
  method: 'POST',
  url: new URL('https://hooks.example.org/twin'),
  headers: new Map(),
  body,
})
const source = twinWebhook({ now: () => noon })
const receiptsOf = (fields: object) => source.receipts([parseTwinCallback({ ...event, ...fields })])
const faultOf = (body: string | Uint8Array | object) => {
  try {
    parseTwinCallback(body)
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookParseError)
    return error as WebhookParseError
  }
  return expect.fail('it was read')
}

describe('a callback', () => {
  test('as it was captured is read to the field, its callback data untouched', () => {
    expect(parseTwinCallback(captured)).toEqual({
      status: 'delivered',
      raw: 'DELIVERED',
      id: '00a54d39-a18b-45f6-959e-1a4cea82ff91',
      bulkId: 'a91f09a5-33f6-4a23-9f17-505a57956948',
      groupId: 'd9a74f70-7547-4603-bd5e-523f0a290c8c',
      flowId: '5350e5f6-3215-4a0c-8869-dbeae14a6539',
      oldStatus: 'PENDING',
      oldStatusCode: 2,
      newStatusCode: 6,
      price: 0,
      partCount: 1,
      callbackData: '"id":"23233"',
      payload: event,
    })
  })

  test('reads alike as text, bytes and a parsed body', () => {
    const text = captured.toString()
    expect(parseTwinCallback(text)).toEqual(parseTwinCallback(captured))
    expect(parseTwinCallback(JSON.parse(text) as object)).toEqual(parseTwinCallback(captured))
  })

  test('needs no more than an id and a new status', () => {
    const body = { id: 'm1', newStatus: 'sent' }
    expect(parseTwinCallback(body)).toEqual({ status: 'sent', raw: 'sent', id: 'm1', payload: body })
  })

  test('leaves out what is not of its type and keeps what it does not know', () => {
    const body = { id: 'm1', newStatus: 'PENDING', callbackData: { a: 1 }, price: '1.50', flowId: null, channel: 'SMS' }
    expect(parseTwinCallback(body)).toEqual({ status: 'pending', raw: 'PENDING', id: 'm1', payload: body })
  })

  test.each(['REPLIED', 'CANCELED', 'unknown', 'constructor', ' '])(
    'with the unknown status "%s" is kept and never thrown on',
    (raw) => {
      expect(parseTwinCallback({ ...event, newStatus: raw })).toMatchObject({ status: 'unknown', raw })
    },
  )

  test('with any status and callback data is read and gives at most one receipt that names it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (newStatus, callbackData) => {
        const parsed = parseTwinCallback(JSON.stringify({ id: 'm1', newStatus, callbackData }))
        expect(parsed).toMatchObject({ raw: newStatus, callbackData })
        for (const receipt of source.receipts([parsed])) expect(receipt.keys[0]).toBe('m1')
      }),
    )
  })
})

describe('a body that is no callback', () => {
  test.each([
    ['cut off', '{\n  "id": "m1",\n  "newStatus": "DELI', 3, 21],
    ['empty', '', 1, 1],
    ['a form', 'id=m1&newStatus=DELIVERED', 1, 1],
  ])('because it is %s is refused with line and column', (_, body, line, column) => {
    expect(faultOf(body)).toMatchObject({ source: 'twin', line, column })
  })

  test.each([
    ['a list', [event]],
    ['a string', '"DELIVERED"'],
    ['null', 'null'],
  ])('because it is %s is refused', (_, body) => {
    expect(faultOf(body).message).toContain('one JSON object')
  })

  test.each(['id', 'newStatus'])('because %s is missing, empty or no string names it', (name) => {
    for (const value of [undefined, '', 7, null]) expect(faultOf({ ...event, [name]: value }).path).toBe(name)
  })

  test('is not echoed', () => {
    expect(faultOf('{"id":"m1","secret":"s3cret"').message).not.toContain('s3cret')
  })
})

describe('a receipt', () => {
  test('comes from the captured callback, under every key of it', () => {
    const { events, errors } = source.parse(request(captured))
    expect(errors).toEqual([])
    expect(source.receipts(events)).toEqual([
      {
        provider: 'twin',
        keys: ['00a54d39-a18b-45f6-959e-1a4cea82ff91', '"id":"23233"', 'flow:5350e5f6-3215-4a0c-8869-dbeae14a6539'],
        status: 'delivered',
        at: noon,
        raw: 'DELIVERED',
      },
    ])
  })

  test.each([
    ['DELIVERED', 'delivered'],
    ['delivered', 'delivered'],
    ['UNDELIVERED', 'failed'],
    ['ERROR', 'failed'],
    ['EXPIRED', 'expired'],
    ['Expired', 'expired'],
    ['SENT', 'sent'],
    ['READ', 'read'],
  ])('of %s is %s', (newStatus, status) => {
    expect(receiptsOf({ newStatus })).toMatchObject([{ status, raw: newStatus }])
  })

  test.each(['PENDING', 'DELAYED', 'PAUSED', 'REPLIED'])('is not made of %s', (newStatus) => {
    expect(receiptsOf({ newStatus })).toEqual([])
  })

  test.each(['UNDELIVERED', 'ERROR', 'EXPIRED'])('is not made of %s of one channel of a chain, for TWIN goes on', (newStatus) => {
    expect(receiptsOf({ newStatus, callbackData: 'n1.0.0~flow' })).toEqual([])
  })

  test('is made of a delivery by any channel of a chain', () => {
    expect(receiptsOf({ callbackData: 'n1.0.0~flow' })).toMatchObject([
      { status: 'delivered', keys: [event.id, 'n1.0.0~flow', `flow:${event.flowId}`] },
    ])
  })

  test('of a callback that comes twice, or late, says the same each time and nothing of the others', () => {
    const story = [
      { ...event, newStatus: 'DELIVERED' },
      { ...event, newStatus: 'DELIVERED' },
      { ...event, oldStatus: null, newStatus: 'SENT' },
      { ...event, newStatus: 'EXPIRED' },
    ]
    const statuses = source.receipts(story.map((body) => parseTwinCallback(body))).map(({ status }) => status)
    expect(statuses).toEqual(['delivered', 'delivered', 'sent', 'expired'])
  })

  test('names the provider it is told', () => {
    const [receipt] = twinWebhook({ provider: 'twin-east' }).receipts([parseTwinCallback(captured)])
    expect(receipt?.provider).toBe('twin-east')
  })
})
