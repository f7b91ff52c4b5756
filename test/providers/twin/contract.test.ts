import { HttpResponse } from 'msw'
import { twin } from 'omnicascade/providers/twin'
import { type Answer, providerContract } from 'omnicascade/testing'
import { cases } from '../../support/cases.ts'
import { credentials, jwt, requestFor, taken } from './support.ts'

const token = jwt(Date.now() + 3_600_000)
const refusal =
  (status: number, error: string): Answer =>
  () =>
    HttpResponse.json({ error, details: null }, { status })

cases(
  'twin, as every provider',
  providerContract({
    create: ({ baseUrl, fetch }) =>
      twin({
        ...credentials,
        callbackUrl: 'https://hooks.example.org/twin',
        callbackSecret: 'callback-s3cret',
        baseUrl,
        fetch,
      }),
    request: requestFor('sms', { text: 'Hi Ada' }, '+420777123456'),
    success: {
      answer: () => HttpResponse.json([taken], { status: 201 }),
      result: { messageId: taken.id, keys: ['n1.0.0', `flow:${taken.flowId}`] },
    },
    failures: {
      'a bad request': { answer: refusal(400, 'Bad request.'), kind: 'content', code: '400' },
      'a message that fails validation': { answer: refusal(422, 'Validation failed.'), kind: 'content', code: '422' },
      'a token that stays expired': { answer: refusal(401, 'Token is expired.'), kind: 'configuration', code: '401' },
      'no permission': { answer: refusal(403, 'Forbidden.'), kind: 'configuration', code: '403' },
      'no such endpoint': { answer: refusal(404, 'Not found.'), kind: 'configuration', code: '404' },
      'no such method': { answer: refusal(405, 'Method not allowed.'), kind: 'configuration', code: '405' },
      'too many requests': { answer: refusal(429, 'Slow down.'), kind: 'transient', code: '429' },
      'a refused message in a 201': {
        answer: () =>
          HttpResponse.json([{ ...taken, id: null, status: null, error: { message: 'No route to +420777123456' } }], {
            status: 201,
          }),
        kind: 'content',
      },
    },
    secrets: [credentials.password, credentials.email, token, 'callback-s3cret', '420777123456'],
    before: ({ url }) =>
      url.pathname === '/api/v1/auth/login' ? HttpResponse.json({ token, refreshToken: 'refresh-s3cret' }) : undefined,
  }),
)
