import { SendError } from 'omnicascade'
import type { ChannelProvider, SendRequest, SendResult } from '../../../src/contract/provider.ts'
import type { Random } from '../../crash/random.ts'
import { answersOf, type RecordedAnswer, requestOf } from '../fixtures.ts'
import { checkReceipt } from '../promises.ts'
import { ensure, Fault, type Target } from '../target.ts'

/** Where a provider under test calls. */
export interface Wire {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
}

/** A provider of whatever channels. */
type AnyProvider = Pick<ChannelProvider, 'name' | 'poll' | 'close'> & { send(...call: never): Promise<SendResult> }

/** A vendor's answers, as they are fuzzed. */
export interface AnswerTarget {
  readonly create: (wire: Wire) => AnyProvider
  readonly secrets: readonly string[]
  /** Answers a log-in; undefined for any other call. */
  readonly before?: (url: URL) => object | undefined
  /** Answers to a poll, and the ids that are asked about. */
  readonly polls?: { readonly ids: readonly string[]; readonly answers: readonly unknown[] }
}

const baseUrl = 'http://vendor.example.org'

/** Feeds a provider's `send` (and its `poll`) answers whose bodies, statuses and headers were changed. */
export function answerTarget(name: string, { create, secrets, before, polls }: AnswerTarget): Target {
  const recorded = answersOf(name)
  const request = requestOf(name)
  const asked = (polls?.ids ?? []).map((messageId) => ({ messageId, keys: [messageId], startedAt: 0 }))
  const { corpus, answerTo } = answersIn([...recorded, ...(polls?.answers ?? []).map(okAnswer)])

  return {
    name: `answers: ${name}`,
    corpus,
    form: 'json',
    secrets: [...secrets, ...addressesOf(request)],
    read: false,
    async call(input, random) {
      // The log-in is a stranger's answer, too.
      const loginIsBad = random.chance(0.1)
      const answer = answerTo(input, random)
      const fetch: typeof globalThis.fetch = async (call) => {
        const login = before?.(new URL(call instanceof Request ? call.url : call))
        return login === undefined || loginIsBad ? answer() : Response.json(login)
      }
      const provider = create({ baseUrl, fetch })
      const { signal } = new AbortController()
      try {
        if (provider.poll !== undefined && asked.length > 0 && random.chance(0.4))
          for (const receipt of await provider.poll(asked as never, { signal })) checkReceipt(receipt, provider.name)
        else checkResult(await (provider.send as ChannelProvider['send'])(request, { signal }))
      } catch (error) {
        if (error instanceof SendError) checkFailure(error)
        throw error
      } finally {
        await provider.close?.()
      }
    },
  }
}

/** The bodies of recorded answers, and how an input is answered with: as a recorded one where it is its body, else under any status. */
export function answersIn(recorded: readonly Omit<RecordedAnswer, 'name'>[]): {
  readonly corpus: readonly string[]
  answerTo(input: Uint8Array, random: Random): () => Response
} {
  const corpus = [...new Set(recorded.map(({ body }) => body))]
  return {
    corpus,
    answerTo(input, random) {
      const { status: seen, headers } = random.chance(0.4) ? recorded[0]! : random.pick(recorded)
      const status = random.chance(0.85) ? seen : random.pick([200, 204, 206, 299, 300, 304, 400, 418, 429, 500, 504, 599])
      const fields = random.chance(0.8) ? headers : { ...headers, 'retry-after': random.pick(waits) }
      return () => new Response([204, 205, 304].includes(status) ? null : Buffer.from(input), { status, headers: fields })
    },
  }
}

const okAnswer = (json: unknown) => ({ status: 200, headers: {}, body: JSON.stringify(json) })

const waits = [
  '30',
  '-1',
  '1e308',
  'Wed, 25 Nov 2026 12:00:00 GMT',
  '',
  'soon',
  '0x10',
  '99999999999999999999',
  'Sat, 99 Foo 99999',
]

const kinds: readonly unknown[] = ['transient', 'recipient', 'content', 'configuration', 'unknown']

function checkFailure({ kind, message, retryAfter, vendorCode, field }: SendError): void {
  ensure(kinds.includes(kind), `a failure is ${kind}`)
  ensure(message !== '', 'a failure says nothing')
  ensure(message.length < 1000, 'a failure says too much')
  ensure(retryAfter === undefined || (Number.isFinite(retryAfter) && retryAfter >= 0), `a failure asks to wait ${retryAfter}`)
  ensure(
    [vendorCode, field].every((text) => text === undefined || typeof text === 'string'),
    'a failure has a code that is no text',
  )
}

function checkResult(result: SendResult): void {
  if (typeof result !== 'object' || result === null) throw new Fault('a send has no result')
  const { messageId, keys = [] } = result
  for (const key of messageId === undefined ? keys : [messageId, ...keys])
    ensure(typeof key === 'string' && key !== '', `a send has the key ${JSON.stringify(key)}`)
}

/** As the contract has it: a short one, such as a chat id, shows up in any stack trace. */
function addressesOf({ to }: SendRequest): readonly string[] {
  const parts = typeof to === 'object' ? [to.endpoint, to.keys.p256dh, to.keys.auth] : to === undefined ? [] : [String(to)]
  return parts.filter((part) => part.length >= 6)
}
