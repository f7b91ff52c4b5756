import { HttpResponse } from 'msw'
import { bitly } from 'omnicascade/shorteners/bitly'
import { shortenerContract } from 'omnicascade/testing'
import { cases } from '../support/cases.ts'

const accessToken = 'b1tly-t0ken-secret'

cases(
  'bitly, as every shortener',
  shortenerContract({
    create: (wire) => bitly({ accessToken, ...wire }),
    success: {
      answer: () => HttpResponse.json({ link: 'https://bit.ly/2ab3cd' }, { status: 201 }),
      short: 'https://bit.ly/2ab3cd',
    },
    failures: {
      'a token that is none': {
        answer: () => HttpResponse.json({ message: 'FORBIDDEN' }, { status: 403 }),
        kind: 'configuration',
      },
      'the month is used up': {
        answer: () => HttpResponse.json({ message: 'MONTHLY_LIMIT_EXCEEDED' }, { status: 429 }),
        kind: 'transient',
        code: 'MONTHLY_LIMIT_EXCEEDED',
      },
      'no link': {
        answer: () =>
          HttpResponse.json(
            { message: 'INVALID_ARG_LONG_URL', description: 'https://example.org/order/1?token=secret' },
            { status: 400 },
          ),
        kind: 'content',
      },
    },
    secrets: [accessToken],
  }),
)
