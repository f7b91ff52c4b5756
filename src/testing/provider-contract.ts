import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Channel } from '../contract/channel.ts'
import type { ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'
import { atVendor, type ContractCase, casesOf, type ExpectedFailure, httpChecks, type Wire } from './http/checks.ts'
import { noneShown } from './http/shown.ts'
import type { Answer } from './http/vendor.ts'

/** A provider that speaks HTTP, and its vendor's documented answers. */
export interface ProviderContract<C extends Channel = Channel> {
  /** Makes the provider. It must send everything, log-ins too, below `wire.baseUrl`. */
  readonly create: (wire: Wire) => ChannelProvider<C>
  /** A request that the vendor takes. */
  readonly request: SendRequest<C>
  readonly success: { readonly answer: Answer; readonly result: SendResult }
  /** By a name that reads after `fails as <kind>:`. Cover every kind that the vendor can give. */
  readonly failures: Readonly<Record<string, ExpectedFailure>>
  /** What must never show: tokens, keys, passwords, as the provider gets them and as it encodes them. */
  readonly secrets: readonly string[]
  /** Answers calls that come before the send itself, such as a log-in; undefined for the send. */
  readonly before?: (call: Parameters<Answer>[0]) => Response | undefined
  /** 2 for a vendor that speaks HTTP/2 alone. Default 1. */
  readonly version?: 1 | 2
  /** The vendor's answers have no body that is read: a 2xx is success whatever is in it. */
  readonly bodyless?: boolean
}

/**
 * What every provider that speaks HTTP does, as cases for any test runner: `for (const { name, run } of providerContract(…)) test(name, run)`.
 * The vendor is a server on the loopback network.
 */
export function providerContract<C extends Channel>(contract: ProviderContract<C>): readonly ContractCase[] {
  const { create, request, success, before, version = 1, bodyless = false } = contract
  const signal = () => new AbortController().signal
  const subject = {
    call: async (wire: Wire, cut: AbortSignal) => {
      const provider = create(wire)
      try {
        return await provider.send(request, { signal: cut })
      } finally {
        await provider.close?.()
      }
    },
    success: success.answer,
    failures: contract.failures,
    secrets: [...contract.secrets, ...addressesOf(request)],
    before,
    version,
    bodyless,
  }

  return casesOf({
    'gives the message id and the keys under which receipts come': () =>
      atVendor(subject, success.answer, async (wire) => deepEqual(await subject.call(wire, signal()), success.result)),
    'tells before the call the keys that it can, and tells the same ones after': () =>
      atVendor(subject, success.answer, async (wire) => {
        const { messageId, keys = [] } = (await subject.call(wire, signal())) as SendResult
        for (const key of create(wire).keys?.(request) ?? [])
          ok([messageId, ...keys].includes(key), `${key} is told before alone`)
      }),
    ...(version === 1 && {
      'calls through the fetch it is given': () =>
        atVendor(subject, success.answer, async ({ baseUrl }, seen) => {
          let calls = 0
          const counted: typeof globalThis.fetch = (...call) => {
            calls++
            return fetch(...call)
          }
          await subject.call({ baseUrl, fetch: counted }, signal())
          ok(calls >= seen.calls)
          equal(seen.calls > 0, true)
        }),
    }),
    ...httpChecks(subject),
    'shows no secret of its own': async () => noneShown(create({ baseUrl: 'http://127.0.0.1:9' }), contract.secrets),
  })
}

function addressesOf({ to }: SendRequest): readonly string[] {
  const parts = typeof to === 'object' ? [to.endpoint, to.keys.p256dh, to.keys.auth] : to === undefined ? [] : [String(to)]
  // A short one, such as a chat id of two digits, shows up in any stack trace.
  return parts.filter((part) => part.length >= 6)
}
