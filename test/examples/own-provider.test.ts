import { readFileSync } from 'node:fs'
import { providerContract } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { gateway } from '../../examples/own-provider.ts'
import { cases } from '../support/cases.ts'

test("the page on providers of one's own shows the example", () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  expect(read('docs/providers/your-own.md')).toContain(read('examples/own-provider.ts'))
})

cases(
  "the example of a provider of one's own, as every provider",
  providerContract({
    create: ({ baseUrl, fetch }) => gateway({ baseUrl, fetch, apiKey: 's3cret' }),
    request: {
      channel: 'sms',
      to: '+420777123456',
      content: { text: 'Hi' },
      recipient: { phone: '+420777123456' },
      idempotencyKey: 'n1.0.0',
      notificationId: 'n1',
      within: 60_000,
    },
    success: { answer: () => Response.json({ id: 'm1' }), result: { messageId: 'm1' } },
    failures: {
      'no such number': { answer: () => Response.json({}, { status: 404 }), kind: 'recipient' },
      'a text that is none': { answer: () => Response.json({}, { status: 422 }), kind: 'content' },
      'a key that is none': { answer: () => Response.json({}, { status: 401 }), kind: 'configuration' },
      'too many': {
        answer: () => Response.json({}, { status: 429, headers: { 'retry-after': '7' } }),
        kind: 'transient',
        retryAfter: 7000,
      },
    },
    secrets: ['s3cret'],
  }),
)
