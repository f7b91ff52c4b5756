import { createHash, createHmac } from 'node:crypto'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { ses, sesWebhook } from 'omnicascade/providers/ses'
import { type Answer, providerContract, signSesWebhook, snsKeys, webhookContract } from 'omnicascade/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EmailContent } from '../../src/contract/content.ts'
import { WebhookVerificationError } from '../../src/contract/errors.ts'
import type { JsonObject } from '../../src/contract/json.ts'
import { cases } from '../support/cases.ts'
import { injections, mailFor } from '../support/mail.ts'
import { failureOf, thrownBy } from './failures.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's3cretAccessKey/+', sessionToken: 's3ssionToken==' }
const from = 'Shop <shop@example.org>'
const options = { region: 'eu-central-1', credentials, from, configurationSet: 'news' }
const messageId = '010701234abcd-0f0f-000000'
const refusal =
  (status: number, type: string, message = `no ada.lovelace@example.org for ${credentials.accessKeyId}`): Answer =>
  () =>
    HttpResponse.json({ message }, { status, headers: { 'x-amzn-errortype': type } })
const codes = {
  transient: [
    [429, 'TooManyRequestsException'],
    [400, 'ThrottlingException'],
    [400, 'LimitExceededException'],
    [500, 'InternalServiceErrorException'],
    [500, 'InternalFailure'],
    [503, 'ServiceUnavailable'],
  ],
  content: [
    [400, 'BadRequestException'],
    [400, 'MessageRejected'],
    [400, 'ValidationError'],
    [413, 'RequestEntityTooLargeException'],
  ],
  configuration: [
    [400, 'MailFromDomainNotVerifiedException'],
    [400, 'AccountSuspendedException'],
    [400, 'SendingPausedException'],
    [404, 'NotFoundException'],
    [403, 'AccessDeniedException'],
    [400, 'AccessDeniedException '],
    [401, 'NotAuthorized'],
    [403, 'UnrecognizedClientException'],
    [403, 'InvalidClientTokenId'],
    [403, 'InvalidSignatureException'],
    [403, 'SignatureDoesNotMatch'],
    [400, 'IncompleteSignature'],
    [403, 'MissingAuthenticationTokenException'],
    [403, 'ExpiredTokenException'],
    [400, 'RequestExpired'],
    [403, 'OptInRequired'],
    [404, 'UnknownOperationException'],
  ],
} as const

cases(
  'ses, as every provider',
  providerContract({
    create: (wire) => ses({ ...options, ...wire }),
    request: mailFor({ subject: 'Hi', text: 'Hello' }),
    success: { answer: () => HttpResponse.json({ MessageId: messageId }), result: { messageId, keys: ['n1.0.0'] } },
    failures: {
      ...Object.fromEntries(
        Object.entries(codes).flatMap(([kind, all]) =>
          all.map(([status, type]) => [
            `${status} ${type}`,
            { answer: refusal(status, type.trim()), kind: kind as keyof typeof codes, code: type.trim() },
          ]),
        ),
      ),
      'an identity that is not verified': {
        answer: refusal(400, 'MessageRejected', 'Email address is not verified.'),
        kind: 'configuration',
        code: 'MessageRejected',
      },
      'a type with a namespace and a link': {
        answer: refusal(400, 'com.amazonaws.sesv2#SendingPausedException:http://internal.amazon.com/coral/'),
        kind: 'configuration',
        code: 'SendingPausedException',
      },
      'a type in the body': {
        answer: () => HttpResponse.json({ __type: 'TooManyRequestsException', Message: 'slow down' }, { status: 429 }),
        kind: 'transient',
        code: 'TooManyRequestsException',
      },
      'a type and words that are no text': {
        answer: () => HttpResponse.json({ __type: { toString: 1 } }, { status: 400 }),
        kind: 'content',
        code: '400',
      },
      'words that are no text': {
        answer: () =>
          HttpResponse.json({ message: { toString: 1 } }, { status: 400, headers: { 'x-amzn-errortype': 'MessageRejected' } }),
        kind: 'content',
        code: 'MessageRejected',
      },
      'a type that is not known': { answer: refusal(400, 'NewException'), kind: 'content', code: 'NewException' },
    },
    secrets: [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken],
  }),
)

const topicArn = 'arn:aws:sns:eu-central-1:123456789012:ses-events'
const keys = await snsKeys()
const others = await snsKeys()
const envelope = (fields: JsonObject) =>
  JSON.stringify({ Type: 'Notification', MessageId: '22b8', TopicArn: topicArn, Subject: 'Amazon SES Event', ...fields })
const sentAt = '2026-11-25T11:00:00.000Z'
const at = Date.UTC(2026, 10, 25, 11, 0, 1)
const timestamp = new Date(at).toISOString()
const mail = {
  timestamp: sentAt,
  messageId,
  source: 'shop@example.org',
  destination: ['ada@example.org'],
  tags: { omnicascade: ['n1-0-0'], 'ses:configuration-set': ['news'] },
}
const event = (eventType: string, fields: JsonObject = {}) =>
  envelope({ Message: JSON.stringify({ eventType, mail, ...fields }) })
const receipt = (status: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed', raw: string, more = {}) => ({
  provider: 'ses',
  keys: [messageId, 'n1.0.0'],
  status,
  at,
  raw,
  ...more,
})
const said = (reason: 'bounced' | 'complained' | 'opted-out', raw: string, more = {}) => ({
  state: 'suppressed' as const,
  provider: 'ses',
  channel: 'email' as const,
  address: 'ada@example.org',
  reason,
  at,
  raw,
  ...more,
})
const bounce = (bounceType: string, bounceSubType: string, recipients: JsonObject[] = []) => ({
  bounce: { bounceType, bounceSubType, bouncedRecipients: recipients, timestamp },
})
const subscription = (before: boolean, now: boolean) => ({
  subscription: {
    contactList: 'news',
    timestamp,
    source: 'UnsubscribeHeader',
    newTopicPreferences: { unsubscribeAll: now, topicSubscriptionStatus: [{ topicName: 'a', subscriptionStatus: 'OptOut' }] },
    oldTopicPreferences: { unsubscribeAll: before, topicSubscriptionStatus: [{ topicName: 'a', subscriptionStatus: 'OptIn' }] },
  },
})

cases(
  'sesWebhook, as every source',
  webhookContract({
    create: () => sesWebhook({ topicArn, fetch: async () => new Response(keys.certificate) }),
    samples: {
      'a mail on its way': {
        body: event('Send', { send: {} }),
        receipts: [receipt('sent', 'Send', { at: Date.parse(sentAt) })],
      },
      'a delay': {
        body: event('DeliveryDelay', { deliveryDelay: { delayType: 'MailboxFull', timestamp } }),
        receipts: [receipt('sent', 'DeliveryDelay')],
      },
      'a delivery': {
        body: event('Delivery', { delivery: { timestamp, recipients: ['ada@example.org'] } }),
        receipts: [receipt('delivered', 'Delivery')],
      },
      'a delivery, as an identity tells it': {
        body: envelope({
          Message: JSON.stringify({
            notificationType: 'Delivery',
            mail: { timestamp: sentAt, messageId, destination: ['ada@example.org'] },
            delivery: { timestamp },
          }),
        }),
        receipts: [{ ...receipt('delivered', 'Delivery'), keys: [messageId] }],
      },
      'an opening': { body: event('Open', { open: { timestamp } }), receipts: [receipt('read', 'Open')] },
      'a click': {
        body: event('Click', { click: { timestamp, link: 'https://example.org/1', ipAddress: '192.0.2.1' } }),
        receipts: [receipt('clicked', 'Click', { link: 'https://example.org/1' })],
      },
      'a hard bounce': {
        body: event(
          'Bounce',
          bounce('Permanent', 'General', [
            { emailAddress: 'ada@elsewhere.example.org', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
          ]),
        ),
        receipts: [receipt('failed', 'Bounce', { reason: 'smtp; 550 5.1.1 user unknown' })],
        suppressions: [said('bounced', 'Bounce')],
      },
      'what is on the list of the account': {
        body: event('Bounce', bounce('Permanent', 'OnAccountSuppressionList')),
        receipts: [receipt('failed', 'Bounce', { reason: 'OnAccountSuppressionList' })],
        suppressions: [said('bounced', 'Bounce')],
      },
      'a soft bounce': {
        body: event('Bounce', bounce('Transient', 'MailboxFull')),
        receipts: [receipt('failed', 'Bounce', { reason: 'MailboxFull' })],
      },
      'a bounce that nobody can read': {
        body: event('Bounce', bounce('Undetermined', 'Undetermined')),
        receipts: [receipt('failed', 'Bounce', { reason: 'Undetermined' })],
      },
      'a mail with a virus': {
        body: event('Reject', { reject: { reason: 'Bad content' } }),
        receipts: [receipt('failed', 'Reject', { reason: 'Bad content', at: Date.parse(sentAt) })],
      },
      'a template that does not render': {
        body: event('Rendering Failure', { failure: { templateName: 'a', errorMessage: 'Attribute is not present' } }),
        receipts: [receipt('failed', 'Rendering Failure', { reason: 'Attribute is not present', at: Date.parse(sentAt) })],
      },
      'a complaint': {
        body: event('Complaint', {
          complaint: {
            timestamp,
            complaintFeedbackType: 'abuse',
            complaintSubType: null,
            complainedRecipients: [{ emailAddress: 'ada@example.org' }],
          },
        }),
        receipts: [],
        suppressions: [said('complained', 'Complaint')],
      },
      'a mail held back over an earlier complaint': {
        body: event('Complaint', { complaint: { timestamp, complaintSubType: 'OnAccountSuppressionList' } }),
        receipts: [receipt('failed', 'Complaint', { reason: 'OnAccountSuppressionList' })],
        suppressions: [said('complained', 'Complaint')],
      },
      'a complaint taken back': {
        body: event('Complaint', { complaint: { timestamp, complaintFeedbackType: 'not-spam' } }),
        receipts: [],
      },
      'an unsubscription from all': {
        body: event('Subscription', subscription(false, true)),
        receipts: [],
        suppressions: [said('opted-out', 'Subscription')],
      },
      'an unsubscription from one topic': { body: event('Subscription', subscription(false, false)), receipts: [] },
      'a return': {
        body: event('Subscription', subscription(true, false)),
        receipts: [],
        suppressions: [said('opted-out', 'Subscription', { state: 'restored' })],
      },
      'a mail to several': {
        body: envelope({
          Message: JSON.stringify({
            eventType: 'Bounce',
            mail: { ...mail, destination: ['ada@example.org', 'eve@example.org'] },
            ...bounce('Permanent', 'NoEmail', [{ emailAddress: 'ada@example.org' }]),
          }),
        }),
        receipts: [receipt('failed', 'Bounce', { reason: 'NoEmail' })],
        suppressions: [said('bounced', 'Bounce')],
      },
      'a first message, which is no JSON': {
        body: envelope({ Message: 'Successfully validated SNS topic for Amazon SES event publishing.' }),
        receipts: [],
      },
      'the end of a subscription': {
        body: envelope({
          Type: 'UnsubscribeConfirmation',
          Message: 'You have chosen to deactivate',
          Token: 't',
          SubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t',
        }),
        receipts: [],
      },
      'another event': { body: event('Birthday'), receipts: [] },
    },
    sign: ({ body, at }) => signSesWebhook({ privateKey: keys.privateKey, body, at }),
    forge: ({ body, at }) => signSesWebhook({ privateKey: others.privateKey, body, at }),
    holdsFor: 3_600_000,
    coversBody: false,
    contentType: 'text/plain',
  }),
)

describe('ses', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const context = { signal: new AbortController().signal }

  const posted = async (content: EmailContent, more = {}, to?: string): Promise<{ request: Request; body: string }> => {
    let seen: { request: Request; body: string } | undefined
    server.use(
      http.post('https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails', async ({ request }) => {
        seen = { request, body: await request.clone().text() }
        return HttpResponse.json({ MessageId: messageId })
      }),
    )
    await ses({ ...options, ...more }).send(mailFor(content, to), context)
    return seen!
  }
  const bodyOf = async (...call: Parameters<typeof posted>) => JSON.parse((await posted(...call)).body) as unknown

  test('sends what the content holds, with the key of the attempt as a tag', async () => {
    const content = { subject: 'Hí', text: 'Hello', html: '<b>Hello</b>', replyTo: 'help@example.org', headers: { 'X-A': 'b' } }
    expect(await bodyOf(content)).toEqual({
      FromEmailAddress: '"Shop" <shop@example.org>',
      Destination: { ToAddresses: ['ada.lovelace@example.org'] },
      ReplyToAddresses: ['help@example.org'],
      Content: {
        Simple: {
          Subject: { Data: 'Hí', Charset: 'UTF-8' },
          Body: { Text: { Data: 'Hello', Charset: 'UTF-8' }, Html: { Data: '<b>Hello</b>', Charset: 'UTF-8' } },
          Headers: [{ Name: 'X-A', Value: 'b' }],
        },
      },
      ConfigurationSetName: 'news',
      EmailTags: [{ Name: 'omnicascade', Value: 'n1-0-0' }],
    })
    expect(ses(options).keys?.(mailFor(content))).toEqual(['n1.0.0'])
  })

  test('sends no tag without a set of configuration, and tells no key', async () => {
    const { configurationSet: _, ...plain } = options
    const body = await bodyOf({ subject: 'Hi', text: 'x', from: 'a@example.org' }, { configurationSet: undefined })
    expect(body).toEqual({
      FromEmailAddress: 'a@example.org',
      Destination: { ToAddresses: ['ada.lovelace@example.org'] },
      Content: { Simple: { Subject: { Data: 'Hi', Charset: 'UTF-8' }, Body: { Text: { Data: 'x', Charset: 'UTF-8' } } } },
    })
    expect(ses(plain).keys?.(mailFor({ subject: 'Hi', text: 'x' }))).toEqual([])
  })

  test('joins fields of the vendor, and keeps its own', async () => {
    const vendor = { EmailTags: [{ Name: 'order', Value: '17' }], Destination: { ToAddresses: ['eve@example.net'] } }
    const body = await bodyOf({ subject: 'Hi', text: 'x', vendor: { ses: { ...vendor, FeedbackForwardingEmailAddress: 'f' } } })
    expect(body).toMatchObject({
      FeedbackForwardingEmailAddress: 'f',
      Destination: { ToAddresses: ['ada.lovelace@example.org'] },
      EmailTags: [
        { Name: 'order', Value: '17' },
        { Name: 'omnicascade', Value: 'n1-0-0' },
      ],
    })
  })

  test('signs the request (Signature Version 4)', async () => {
    const { request, body } = await posted({ subject: 'Hi', text: 'x' })
    const time = request.headers.get('x-amz-date')!
    const date = time.slice(0, 8)
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
    const signedHeaders = 'host;x-amz-date;x-amz-security-token'
    const canonical = [
      'POST',
      '/v2/email/outbound-emails',
      '',
      'host:email.eu-central-1.amazonaws.com',
      `x-amz-date:${time}`,
      `x-amz-security-token:${credentials.sessionToken}`,
      '',
      signedHeaders,
      hash(body),
    ].join('\n')
    const scope = `${date}/eu-central-1/ses/aws4_request`
    const key = [date, 'eu-central-1', 'ses', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
    const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).toString('hex')
    expect(request.headers.get('authorization')).toBe(
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    )
    expect(request.headers.get('content-type')).toBe('application/json')
  })

  test('asks for credentials before each send', async () => {
    const given = [credentials, { accessKeyId: 'AKIDNEXT', secretAccessKey: 'next' }]
    const ask = { credentials: async () => given.shift() }
    const first = await posted({ subject: 'Hi', text: 'x' }, ask)
    const second = await posted({ subject: 'Hi', text: 'x' }, ask)
    expect(first.request.headers.get('authorization')).toContain('Credential=AKIDEXAMPLE/')
    expect(second.request.headers.get('authorization')).toContain('Credential=AKIDNEXT/')
    expect(second.request.headers.get('x-amz-security-token')).toBeNull()
  })

  test.each([
    ['transient', () => Promise.reject(new Error(`could not read ${credentials.secretAccessKey}`))],
    ['configuration', () => ({ accessKeyId: 'AKID' })],
    ['configuration', () => undefined],
  ])('fails as %s where no credentials can be had, and repeats nothing of it', async (kind, ask) => {
    const provider = ses({ ...options, credentials: ask as never })
    const error = await failureOf(provider.send(mailFor({ subject: 'Hi', text: 'x' }), context))
    expect(error.kind).toBe(kind)
    expect(error.message).not.toContain(credentials.secretAccessKey)
  })

  test('writes names beyond ASCII in words of at most 75 characters, and domains in Punycode', async () => {
    const name = 'Żółć 👩‍💻 и ещё одно очень длинное имя отправителя'
    const body = await bodyOf({ subject: 'Hi', text: 'x', from: `${name} <shop@bücher.example>` }, {}, 'ada@bücher.example')
    const { FromEmailAddress: written, Destination: to } = body as { FromEmailAddress: string; Destination: unknown }
    const [words = '', address] = written.split(' <')
    expect([address, to]).toEqual(['shop@xn--bcher-kva.example>', { ToAddresses: ['ada@xn--bcher-kva.example'] }])
    const parts = words.split(' ')
    expect(parts.length).toBeGreaterThan(1)
    for (const part of parts) expect(part).toMatch(/^=\?UTF-8\?B\?[\w+/=]{1,63}\?=$/)
    const read = parts.map((part) => Buffer.from(part.slice(10, -2), 'base64').toString())
    expect(read.join('')).toBe(name)
    expect(read.join('')).not.toContain('\ufffd')
  })

  test('refuses an address with letters beyond ASCII before its @', async () => {
    const content = { subject: 'Hi', text: 'x' }
    const send = (own: EmailContent, to?: string) => failureOf(ses(options).send(mailFor(own, to), context))
    expect(await send(content, 'żaba@example.org')).toMatchObject({ kind: 'recipient' })
    expect(await send({ ...content, from: 'żaba@example.org' })).toMatchObject({ kind: 'content', field: 'from' })
    expect(await send({ ...content, replyTo: 'żaba@example.org' })).toMatchObject({ kind: 'content', field: 'replyTo' })
  })

  test.each([
    ['a header that is empty', { 'X-A': '' }],
    ['a header beyond ASCII', { 'X-A': 'ż' }],
    ['a header that is too long', { 'X-A': 'x'.repeat(871) }],
    ['a name that is too long', { [`X-${'a'.repeat(125)}`]: 'b' }],
  ])('refuses %s before it calls', async (_, headers) => {
    const error = await failureOf(ses(options).send(mailFor({ subject: 'Hi', text: 'x', headers }), context))
    expect(error).toMatchObject({ kind: 'content', field: `headers.${Object.keys(headers)[0]}` })
  })

  test.each(injections)('refuses %s before it calls', async (_, content, field) => {
    await expect(ses(options).send(mailFor(content), context)).rejects.toMatchObject({ kind: 'content', field })
  })

  test('calls China where China is', async () => {
    let called = ''
    const fetch = async (input: string | URL | Request) => {
      called = new Request(input).url
      return Response.json({ MessageId: messageId })
    }
    await ses({ ...options, region: 'cn-north-1', fetch }).send(mailFor({ subject: 'Hi', text: 'x' }), context)
    expect(called).toBe('https://email.cn-north-1.amazonaws.com.cn/v2/email/outbound-emails')
  })

  test.each([
    {},
    { ...options, region: 'here' },
    { ...options, credentials: { accessKeyId: 'AKID' } },
    { ...options, credentials: { ...credentials, sessionToken: 'a\nb' } },
    { ...options, from: 'x' },
    { ...options, configurationSet: '' },
    { ...options, accessKeyId: 'x' },
  ])('refuses the options %#', (bad) => {
    const { message } = thrownBy(() => ses(bad as never))
    expect(message).toMatch(/^ses: /)
    expect(message).not.toContain(credentials.secretAccessKey)
  })
})

describe('sesWebhook', () => {
  const server = setupServer()
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
  const now = Date.UTC(2026, 10, 25, 12)
  const requestOf = (body: string) => ({
    method: 'POST',
    url: new URL('https://app.example.org/hooks/ses'),
    headers: new Map([['content-type', 'text/plain; charset=UTF-8']]),
    body: new TextEncoder().encode(body),
  })
  const signed = async (body: string, version: '1' | '2' = '1', pair = keys) =>
    requestOf((await signSesWebhook({ privateKey: pair.privateKey, body, at: now, version })).body!)
  const spoilt = async (fields: JsonObject) => {
    const { body } = await signed(event('Open'))
    return requestOf(JSON.stringify({ ...(JSON.parse(new TextDecoder().decode(body)) as object), ...fields }))
  }
  const certificate = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem'

  test('fetches a certificate once, and again where that has failed', async () => {
    let calls = 0
    server.use(
      http.get(certificate, () => {
        calls++
        return calls === 1 ? new HttpResponse(null, { status: 503 }) : new HttpResponse(keys.certificate)
      }),
    )
    const source = sesWebhook({ topicArn: ['arn:aws:sns:us-east-1:123456789012:other', topicArn] })
    const request = await signed(event('Open'))
    // No WebhookVerificationError, so that SNS sends it again.
    await expect(source.verify?.(request, now)).rejects.toMatchObject({ code: 'send-failed' })
    await source.verify?.(request, now)
    await source.verify?.(request, now)
    expect(calls).toBe(2)
  })

  test('takes signatures of version 2', async () => {
    const pair = await snsKeys('2')
    const source = sesWebhook({ topicArn, fetch: async () => new Response(pair.certificate) })
    await source.verify?.(await signed(event('Open'), '2', pair), now)
  })

  test.each([
    { Message: 'other' },
    { MessageId: 'other' },
    { Subject: 'other' },
    { Type: 'SubscriptionConfirmation' },
    { SubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription' },
    { Timestamp: '2026-11-25T12:00:01.000Z' },
    { Timestamp: 'now' },
    { TopicArn: 'arn:aws:sns:eu-central-1:123456789012:ses-events2' },
    { Signature: '' },
    { SignatureVersion: '2' },
  ])('refuses a message with %j', async (fields) => {
    const source = sesWebhook({ topicArn, fetch: async () => new Response(keys.certificate) })
    await expect(source.verify?.(await spoilt(fields), now)).rejects.toThrow(WebhookVerificationError)
  })

  test("refuses what Amazon has signed for somebody else's topic", async () => {
    const source = sesWebhook({
      topicArn: 'arn:aws:sns:eu-central-1:210987654321:ses-events',
      fetch: async () => new Response(keys.certificate),
    })
    await expect(source.verify?.(await signed(event('Open')), now)).rejects.toThrow(/TopicArn/)
  })

  test.each(['https://example.org/SimpleNotificationService-0.pem', 'http://sns.eu-central-1.amazonaws.com/a.pem', 7, null])(
    'fetches no certificate from %s',
    async (SigningCertURL) => {
      let calls = 0
      const fetch = async () => {
        calls++
        return new Response(keys.certificate)
      }
      const verifying = sesWebhook({ topicArn, fetch }).verify?.(await spoilt({ SigningCertURL }), now)
      await expect(verifying).rejects.toThrow(/SigningCertURL/)
      expect(calls).toBe(0)
    },
  )

  const confirmation = (SubscribeURL: string) =>
    envelope({ Type: 'SubscriptionConfirmation', Token: 't', Message: 'You have chosen to subscribe', SubscribeURL })
  const subscribe = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a&Token=t'

  test('confirms a subscription by calling back, and lets SNS repeat where that fails', async () => {
    const source = sesWebhook({ topicArn })
    const { events } = source.parse(await signed(confirmation(subscribe)))
    expect(events).toMatchObject([{ event: 'subscription', subscribeUrl: subscribe }])
    const called: string[] = []
    server.use(
      http.get('https://sns.eu-central-1.amazonaws.com/', ({ request }) => {
        called.push(request.url)
        return new HttpResponse('<ConfirmSubscriptionResponse/>', { status: called.length === 1 ? 200 : 500 })
      }),
    )
    await source.remember?.(events)
    expect(called).toEqual([subscribe])
    await expect(source.remember?.(events)).rejects.toThrow(/HTTP 500/)
    expect(source.receipts(events)).toEqual([])
  })

  test('calls nobody back but SNS', async () => {
    const source = sesWebhook({ topicArn })
    const { events } = source.parse(await signed(confirmation('https://169.254.169.254/latest/meta-data')))
    expect(events).toMatchObject([{ event: 'unknown' }])
    await source.remember?.(events)
  })

  test.each([{}, { topicArn: [] }, { topicArn: 'ses-events' }, { topicArn, tolerance: 'x' }, { topicArn, secret: 'x' }])(
    'refuses the options %j',
    (bad) => {
      expect(thrownBy(() => sesWebhook(bad as never)).message).toMatch(/^sesWebhook: /)
    },
  )
})
