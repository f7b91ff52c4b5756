import { type SendiosEvent, sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { describe, expect, test } from 'vitest'
import { call, memorySink, mounts, serve } from './support.ts'

// The documentation's own sample, spacing included, with its missing quote and without its extra brace.
const lost = `{  
  "0": {  
    "event": "sms_lost",  
    "client_user_id": "test123",  
    "project_id": 99,  
    "category_id": 1,  
    "template_id": 15,
    "sms_id": 1233,
    "ts": 1549382627,  
    "omnichannel": 1,
    "channel" : "sms"
    }  
  }`
const asDocumented = lost.replace('"sms"\n', '"sms\n').concat('  \n}')

// Captured live in 2021, address changed.
const captured =
  '{"0":{"event":"reject","user_id":0,"project_id":19381,"type_id":1,"reject_reason":"validation","email":"test@example.com","ts":1618233303,"split_group":null,"client_user_id":null,"project":"19381_jiji2.ng"},"sign":null}'

const secret = { query: 'token', values: ['s3cret'] } as const
const quiet = { onError: () => {}, secret }
const path = '/hooks?token=s3cret'

describe.each(mounts)('Sendios on %s', (_, mount) => {
  async function start() {
    const sink = memorySink()
    const heard: SendiosEvent[] = []
    const onEvents = (events: readonly SendiosEvent[]) => heard.push(...events)
    return { port: await serve(await mount(sink, sendiosWebhook(), { ...quiet, onEvents })), sink, heard }
  }

  test('an sms_lost in its documented envelope becomes a failed receipt', async () => {
    const { port, sink, heard } = await start()
    expect((await call(port, { path, body: lost })).status).toBe(200)
    expect(sink.stored).toEqual([
      expect.objectContaining({ provider: 'sendios', status: 'failed', at: 1_549_382_627_000, raw: 'sms_lost' }),
    ])
    expect(heard.map((event) => event.event)).toEqual(['sms_lost'])
  })

  test('the captured envelope is taken, its `sign` is no event', async () => {
    const { port, sink, heard } = await start()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await call(port, { path, body: captured, headers: type })).status).toBe(200)
    expect(heard.map((event) => event.event)).toEqual(['reject'])
    expect(sink.stored.map(({ status, reason }) => [status, reason])).toEqual([['failed', 'validation']])
  })

  test('the malformed sample of the documentation is a 400 with the place and none of its values', async () => {
    const { port, sink } = await start()
    const answer = await call(port, { path, body: asDocumented })
    expect([answer.status, answer.json()]).toEqual([
      400,
      { error: expect.stringContaining('sendios webhook at line 11'), path: '', line: 11, column: expect.any(Number) },
    ])
    expect(answer.text).not.toMatch(/test123|1233|s3cret/)
    expect(sink.stored).toEqual([])
  })

  test('without the secret in its URL it is a stranger', async () => {
    const { port, sink } = await start()
    expect((await call(port, { body: lost })).status).toBe(401)
    expect(sink.stored).toEqual([])
  })
})
