import { fetchWebhook } from 'omnicascade/http/fetch'
import { kannelWebhook } from 'omnicascade/providers/kannel'
import { messagebirdWebhook } from 'omnicascade/providers/messagebird'
import { signMessageBirdWebhook, virtualClock } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { memorySink } from '../http/support.ts'
import { genuineOf, publicUrl } from './genuine.ts'
import { noon, planted, sources } from './subjects/sources.ts'
import { expectHidden, shown } from './support.ts'

const secret = 'hook-s3cret-of-the-url'

test('an event that holds the whole query does not hold the secret that the handler has asked for', async () => {
  const url = new URL(
    'https://app.example.org/hooks?id=m1&status=delivered&statusDatetime=2026-11-25T12:00:00Z&recipient=420777123456',
  )
  url.searchParams.set('token', secret)
  const { headers = {} } = await signMessageBirdWebhook({ signingKey: 'k', url, body: '', at: Date.now() })
  const told: unknown[] = []
  const handler = fetchWebhook(memorySink(), messagebirdWebhook({ signingKey: 'k' }), {
    secret: { query: 'token', values: [secret] },
    onEvents: (events) => void told.push(...events),
  })
  expect((await handler(new Request(url, { headers }))).status).toBe(200)
  expect(told).toHaveLength(1)
  expectHidden(shown(told), [secret], 'events')
})

test('nor does one of Kannel, which is known by nothing else', async () => {
  const told: unknown[] = []
  const handler = fetchWebhook(memorySink(), kannelWebhook({ secret }), { onEvents: (events) => void told.push(...events) })
  for (const query of ['key=n1.0.0&dlr=1&at=1', 'from=%2B420777123456&to=1&text=5354&at=1', 'x=y'])
    expect((await handler(new Request(`https://app.example.org/hooks?${query}&token=${secret}`))).status).toBe(200)
  expect(told).toHaveLength(3)
  expectHidden(shown(told), [secret], 'events')
})

test.each(sources)('no event of $name holds its secret, known or not', async (subject) => {
  const unknown = subject.body.replace(
    /delivered|DELIVRD|message_deny|sms_lost|my_chat_member|email\.\w+|Delivery/g,
    'something_new',
  )
  for (const body of new Set([subject.body, unknown])) {
    const told: unknown[] = []
    const sent = await genuineOf({ ...subject, body })
    const handler = fetchWebhook(memorySink(), subject.create(), {
      publicUrl,
      clock: virtualClock(noon),
      ...(subject.sign === undefined && { secret: { query: 'own', values: [planted] } }),
      onEvents: (events) => void told.push(...events),
      onError: (error) => void told.push(error),
    })
    const url = new URL(`https://app.example.org${sent.path}${subject.query === undefined ? '' : `&${subject.query}`}`)
    if (subject.sign === undefined) url.searchParams.set('own', planted)
    const method = subject.body === '' ? 'GET' : 'POST'
    await handler(new Request(url, { method, headers: sent.headers, ...(method === 'POST' && { body: sent.body }) }))
    expect(told, subject.name).not.toEqual([])
    expectHidden(
      shown(told),
      [planted, 'secret-that-was-planted', encodeURIComponent(planted), Buffer.from(`hook:${planted}`).toString('base64')],
      subject.name,
    )
  }
})
