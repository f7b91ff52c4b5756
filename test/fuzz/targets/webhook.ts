import { isOmnicascadeError } from 'omnicascade'
import { fetchWebhook } from 'omnicascade/http/fetch'
import type { UnsignedWebhook, WebhookSignature } from 'omnicascade/testing'
import type { WebhookRequest, WebhookSource } from '../../../src/contract/webhook.ts'
import type { Random } from '../../crash/random.ts'
import { mutateBytes } from '../mutate.ts'
import { planted } from '../mutate-structure.ts'
import { checkError, checkPlain, checkReceipt, checkSuppression } from '../promises.ts'
import { ensure, type Target } from '../target.ts'

/** A source of whatever events. */
type AnySource = Omit<WebhookSource, 'answer'> & { readonly answer?: unknown }

/** A vendor's webhooks, as they are fuzzed. */
export interface WebhookTarget {
  readonly name: string
  /** Bodies; or queries, of those that come with GET. */
  readonly corpus: readonly string[]
  readonly form: 'json' | 'form'
  readonly source: AnySource
  readonly sign?: undefined | ((webhook: UnsignedWebhook) => WebhookSignature | Promise<WebhookSignature>)
  readonly secrets?: readonly string[]
  /** The signature is over the bytes of the body, so that it holds for no other body. */
  readonly coversBody?: boolean
  readonly comesWith?: 'POST' | 'GET'
  /** Fails if the source itself has done what it must not. */
  readonly after?: () => void
}

/** When all of it happens. */
export const noon = Date.UTC(2026, 10, 25, 12)
const endpoint = 'https://app.example.org/hooks/vendor'
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const clock = { now: () => noon, setTimer: () => () => {} }

/**
 * Feeds a source in four ways: what it parses (with what comes of the events), mutated proofs to `verify`, what the vendor itself signed to
 * `verify` and then to `parse`, and all of that as a request to the HTTP handler.
 */
export function webhookTarget(vendor: WebhookTarget): Target {
  const { name, corpus, form, source, after } = vendor
  const secrets = [...(vendor.secrets ?? []), planted]
  const { signedRequest, spoilt } = requestsOf(vendor)

  const parse = (request: WebhookRequest): boolean => {
    const { events, errors } = source.parse(request)
    for (const error of errors) checkError(error, secrets, false)
    checkPlain(events)
    for (const receipt of source.receipts(events)) checkReceipt(receipt, source.provider)
    for (const suppression of source.suppressions?.(events) ?? []) checkSuppression(suppression, source.provider)
    return events.length > 0
  }

  const handle = async (request: WebhookRequest, random: Random): Promise<boolean> => {
    const said: unknown[] = []
    let stored = 0
    const sink = {
      async ingest(receipts: Iterable<never> | AsyncIterable<never>) {
        for await (const receipt of receipts) {
          checkReceipt(receipt, source.provider)
          stored++
        }
        return { applied: stored, duplicate: 0, parked: 0, unmatched: 0 }
      },
      async suppress(suppressions: Iterable<never>) {
        for (const suppression of suppressions) checkSuppression(suppression, source.provider)
      },
    }
    const handler = fetchWebhook(sink, source as WebhookSource, { clock, secret: false, onError: (error) => said.push(error) })
    const { status } = await handler(fetchRequestOf(request, source, random))
    for (const error of said) checkError(error, secrets, false)
    const again = said.some((error) => isOmnicascadeError(error) && 'sendAgain' in error && error.sendAgain === true)
    ensure(status < 500 || again, `the handler answered ${status}`)
    ensure((status >= 200 && status < 300) || (status >= 400 && said.length > 0), `the handler answered ${status} without a word`)
    return status < 300
  }

  return {
    name,
    corpus,
    form,
    secrets,
    async read(input) {
      const { signedRequest } = requestsOf({ ...vendor, sign: undefined })
      const request = await signedRequest(input, false)
      await source.verify?.(request, noon).catch(() => {})
      const { events } = source.parse(request)
      source.receipts(events)
      source.suppressions?.(events)
    },
    async call(input, random) {
      const signed = await signedRequest(input, random.chance(0.25))
      const way = random.below(4)
      if (way === 0) return parse(signed)
      const request = way === 1 ? spoilt(signed, random) : signed
      const taken = way === 3 ? await handle(request, random) : await verified(vendor, signed, request, parse)
      after?.()
      return taken
    },
  }
}

async function verified(
  { source, coversBody, sign }: WebhookTarget,
  signed: WebhookRequest,
  request: WebhookRequest,
  parse: (request: WebhookRequest) => boolean,
): Promise<boolean> {
  await source.verify?.(request, noon)
  const isSame = Buffer.compare(signed.body, request.body) === 0
  ensure(sign === undefined || !coversBody || isSame, 'a signature was taken for a body that it does not cover')
  return parse(request)
}

function requestsOf({ sign, comesWith = 'POST', form }: WebhookTarget) {
  const contentType = form === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'

  /** The input as the vendor would send it; unsigned where it signs nothing, or could not sign that. */
  async function signedRequest(input: Uint8Array, byBytes: boolean): Promise<WebhookRequest> {
    const url = new URL(endpoint)
    if (comesWith === 'GET') url.search = byBytes ? Buffer.from(input).toString('latin1') : decoder.decode(input)
    const text = comesWith === 'GET' ? '' : decoder.decode(input)
    const { headers = {}, query, body } = await signatureOf(sign, { url, body: text, at: noon })
    for (const [field, value] of new URLSearchParams(query)) url.searchParams.append(field, value)
    // Of bytes that are no UTF-8, the signature is that of their text: to be refused, by those that sign bytes.
    const bytes = body !== undefined ? encoder.encode(body) : comesWith === 'GET' ? new Uint8Array() : input
    return {
      method: comesWith,
      url,
      headers: new Map(Object.entries({ 'content-type': contentType, ...lowered(headers) })),
      body: bytes,
    }
  }

  /** The request with one part changed. */
  function spoilt(request: WebhookRequest, random: Random): WebhookRequest {
    const part = random.below(3)
    if (part === 0) return { ...request, body: mutateBytes(request.body, [request.body], random) }
    if (part === 1) {
      const url = new URL(request.url)
      url.search = textOf(mutateBytes(encoder.encode(url.search), [encoder.encode('?token=__proto__')], random))
      return { ...request, url }
    }
    const headers = new Map(request.headers)
    const [field, value] = random.pick([...headers])
    headers.set(field, textOf(mutateBytes(encoder.encode(value), [encoder.encode(value)], random)))
    if (random.chance(0.2)) headers.delete(random.pick([...headers.keys()]))
    return { ...request, headers }
  }

  return { signedRequest, spoilt }
}

async function signatureOf(sign: WebhookTarget['sign'], webhook: UnsignedWebhook): Promise<WebhookSignature> {
  try {
    return (await sign?.(webhook)) ?? {}
  } catch {
    // Some proofs stand in the body, and can be put into nothing but an object.
    return {}
  }
}

function fetchRequestOf({ method, url, headers, body }: WebhookRequest, source: AnySource, random: Random): Request {
  const fields = new Headers()
  const types = source.contentTypes ?? ['application/json']
  const type = random.chance(0.9)
    ? random.pick(types)
    : random.pick(['', 'text/html', '*/*', 'application/x+json; charset="', 'json'])
  for (const [field, value] of [...headers, ['content-type', type] as const])
    fields.set(field, value.replace(/[^\x20-\x7e]/g, ''))
  const asked = random.chance(0.95) ? method : random.pick(['GET', 'PUT', 'HEAD', 'DELETE'])
  return new Request(url, {
    method: asked,
    headers: fields,
    ...(asked === 'GET' || asked === 'HEAD' ? {} : { body: Buffer.from(body) }),
  })
}

const textOf = (bytes: Uint8Array) => decoder.decode(bytes)

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([field, value]) => [field.toLowerCase(), value]))
}
