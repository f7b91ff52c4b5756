import { snsKeys } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { signSesWebhook } from '../../src/testing/signers/ses.ts'
import { isSignedBySns, isSnsCertificate, isSnsUrl, signedPartOf } from '../../src/wire/sns.ts'

const at = Date.UTC(2026, 10, 25)

test.each([
  ['https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem', true, true],
  ['https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem', true, true],
  ['https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t', true, false],
  ['https://sns.us-east-1.amazonaws.com/a/SimpleNotificationService-0a.pem', true, false],
  ['https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem?x', true, false],
  ['https://sns.us-east-1.amazonaws.com?Action=GetEndpointAttributes&z=/SimpleNotificationService-0a.pem', true, false],
  ['http://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem', false, false],
  ['https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-0a.pem', false, false],
  ['https://eve@sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem', false, false],
  ['https://sns.us-east-1.amazonaws.com.example.org/SimpleNotificationService-0a.pem', false, false],
  ['https://sns.eve.s3.amazonaws.com/SimpleNotificationService-0a.pem', false, false],
  ['https://sns-us-east-1.amazonaws.com/SimpleNotificationService-0a.pem', false, false],
  [undefined, false, false],
])('calls %s or not', (url, isSns, isCertificate) => {
  expect([isSnsUrl(url), isSnsCertificate(url)]).toEqual([isSns, isCertificate])
})

test('signs names and values in order, and only those that there are', () => {
  const rest = { Type: 'Notification', MessageId: 'm', TopicArn: 't', Timestamp: 'now', Signature: 's', Subject: null }
  expect(signedPartOf({ ...rest, Message: 'a\nb' })).toBe(
    'Message\na\nb\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n',
  )
})

test('signs the link and the token of a subscription, between the others', () => {
  const own = { Type: 'SubscriptionConfirmation', Token: 'k', SubscribeURL: 'https://x', SigningCertURL: 'y' }
  expect(signedPartOf({ ...own, MessageId: 'm', TopicArn: 't', Timestamp: 'now', Message: 'a' })).toBe(
    'Message\na\nMessageId\nm\nSubscribeURL\nhttps://x\nTimestamp\nnow\nToken\nk\nTopicArn\nt\nType\nSubscriptionConfirmation\n',
  )
})

test.each(['1', '2'] as const)('knows signatures of version %s from others', async (version) => {
  const { certificate, privateKey } = await snsKeys(version)
  const { body = '' } = await signSesWebhook({ privateKey, body: '{"Type":"Notification","Message":"hi"}', at, version })
  const message = JSON.parse(body) as Record<string, string>
  expect(await isSignedBySns(message, certificate)).toBe(true)
  expect(await isSignedBySns(message, (await snsKeys(version)).certificate)).toBe(false)
  expect(await isSignedBySns(message, 'no certificate')).toBe(false)
  for (const spoilt of [
    { Message: 'ho' },
    { Subject: 'hi' },
    { Timestamp: new Date(at + 1).toISOString() },
    { SignatureVersion: version === '1' ? '2' : '1' },
    { SignatureVersion: '3' },
    { Signature: '' },
    { Signature: '?' },
  ])
    expect(await isSignedBySns({ ...message, ...spoilt }, certificate)).toBe(false)
})
