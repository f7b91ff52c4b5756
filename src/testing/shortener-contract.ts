import { equal } from 'node:assert/strict'
import type { LinkContext, Shortener } from '../contract/links.ts'
import { atVendor, type ContractCase, casesOf, type ExpectedFailure, httpChecks, type Wire } from './http/checks.ts'
import { noneShown } from './http/shown.ts'
import type { Answer } from './http/vendor.ts'

/** A link shortener that speaks HTTP, and its vendor's documented answers. */
export interface ShortenerContract {
  /** Makes the shortener. It must send everything below `wire.baseUrl`. */
  readonly create: (wire: Wire) => Shortener
  /** `short` is what comes of `https://example.org/order/1?token=secret`. */
  readonly success: { readonly answer: Answer; readonly short: string }
  readonly failures: Readonly<Record<string, ExpectedFailure>>
  readonly secrets: readonly string[]
}

const long = 'https://example.org/order/1?token=secret'

/** What every shortener that speaks HTTP does, as cases for any test runner: `for (const { name, run } of shortenerContract(…)) test(name, run)`. */
export function shortenerContract({ create, success, failures, secrets }: ShortenerContract): readonly ContractCase[] {
  const context = (signal: AbortSignal, dryRun = false): LinkContext => ({ channel: 'sms', notificationId: 'n1', dryRun, signal })
  const subject = {
    call: (wire: Wire, signal: AbortSignal) => create(wire)(long, context(signal)),
    success: success.answer,
    failures,
    secrets: [...secrets, 'order/1', 'token=secret'],
    before: undefined,
    version: 1,
    bodyless: false,
  } as const
  return casesOf({
    'gives the short link': () =>
      atVendor(subject, success.answer, async (wire) =>
        equal(await subject.call(wire, new AbortController().signal), success.short),
      ),
    'makes none for a dry run, and shows one as long': () =>
      atVendor(subject, success.answer, async (wire, seen) => {
        const shown = await create(wire)(long, context(new AbortController().signal, true))
        equal(seen.calls, 0)
        equal(URL.canParse(shown), true)
      }),
    ...httpChecks(subject),
    'shows no secret of its own': async () => noneShown(create({ baseUrl: 'http://127.0.0.1:9' }), secrets),
  })
}
