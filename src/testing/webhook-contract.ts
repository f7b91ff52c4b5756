import { deepEqual, equal, fail, ok, rejects } from 'node:assert/strict'
import { WebhookParseError, WebhookVerificationError } from '../contract/errors.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { Suppression } from '../contract/suppression.ts'
import type { ParsedWebhook, WebhookRequest, WebhookSource } from '../contract/webhook.ts'
import { isMoment } from '../wire/moment.ts'
import { type ContractCase, casesOf } from './http/checks.ts'
import { noneShown, rejectionOf } from './http/shown.ts'
import { anyOrder } from './webhook/any-order.ts'
import { cutsOf, hostile } from './webhook/hostile.ts'

/** A payload as the vendor sends it, and what is to be read from it. */
export interface WebhookSample {
  readonly body: string
  readonly method?: string
  /** Joined with the URL. */
  readonly query?: string
  readonly receipts: readonly Receipt[]
  readonly suppressions?: readonly Suppression[]
}

/** What the vendor sends beside a body to prove that it is the vendor. A query is joined with the URL; a body replaces the sample's. */
export interface WebhookSignature {
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: string
}

/** A webhook that is being signed. */
export interface UnsignedWebhook {
  readonly url: URL
  readonly body: string
  /** Unix milliseconds. */
  readonly at: number
}

/** A vendor's webhooks and how the vendor signs them. */
export interface WebhookContract<E = unknown> {
  readonly create: () => WebhookSource<E>
  readonly samples: Readonly<Record<string, WebhookSample>>
  /** As the vendor signs; left out where it signs nothing. */
  readonly sign?: (webhook: UnsignedWebhook) => WebhookSignature | Promise<WebhookSignature>
  /** The same with another secret. */
  readonly forge?: (webhook: UnsignedWebhook) => WebhookSignature | Promise<WebhookSignature>
  /** For how long a signature holds, in milliseconds; left out where the scheme has no time. */
  readonly holdsFor?: number
  /** The signature is over the bytes of the body. Default true. */
  readonly coversBody?: boolean
  readonly contentType?: string
  /** What must never show in an error. */
  readonly secrets?: readonly string[]
  /** Where the app's endpoint is, as the vendor was told. Default `https://app.example.org/hooks/vendor`. */
  readonly url?: string
}

const now = Date.UTC(2026, 10, 25, 12)
const encoder = new TextEncoder()

/**
 * What every source of webhooks does, as cases for any test runner: `for (const { name, run } of webhookContract(…)) test(name, run)`.
 */
export function webhookContract<E>(contract: WebhookContract<E>): readonly ContractCase[] {
  const { create, sign, forge, coversBody = true, holdsFor, secrets = [], contentType = 'application/json' } = contract
  const { url: endpoint = 'https://app.example.org/hooks/vendor' } = contract
  const samples = Object.entries(contract.samples)

  async function requestOf(sample: WebhookSample, proof: typeof sign, at = now, change?: string): Promise<WebhookRequest> {
    const url = joined(new URL(endpoint), sample.query)
    const { headers = {}, query, body = sample.body } = (await proof?.({ url, body: sample.body, at })) ?? {}
    return {
      method: sample.method ?? 'POST',
      url: joined(url, query),
      headers: new Map(Object.entries({ 'content-type': contentType, ...lowered(headers) })),
      body: encoder.encode(change ?? body),
    }
  }

  async function refused(request: WebhookRequest, at = now): Promise<void> {
    const error = await rejectionOf((async () => create().verify?.(request, at))())
    ok(error instanceof WebhookVerificationError, `it is no WebhookVerificationError: ${String(error)}`)
    noneShown(error, secrets)
  }

  function read(parsing: () => ParsedWebhook<E>): void {
    const source = create()
    try {
      const { events, errors } = parsing()
      for (const error of errors) ok(error instanceof WebhookParseError)
      for (const { at } of [...source.receipts(events), ...(source.suppressions?.(events) ?? [])])
        ok(isMoment(at), `a receipt or suppression is of ${at}, which is no time in Unix milliseconds`)
    } catch (error) {
      if (!(error instanceof WebhookParseError)) fail(`it throws something else than a WebhookParseError: ${String(error)}`)
      noneShown(error, secrets)
    }
  }

  const perSample: Record<string, () => Promise<void>> = {}
  for (const [name, sample] of samples) {
    perSample[`reads ${name}, the same each time`] = async () => {
      const source = create()
      for (let time = 0; time < 2; time++) {
        const { events, errors } = source.parse(await requestOf(sample, sign))
        deepEqual(errors, [])
        deepEqual(source.receipts(events), sample.receipts)
        deepEqual(source.suppressions?.(events) ?? [], sample.suppressions ?? [])
        for (const receipt of source.receipts(events)) equal(receipt.provider, source.provider)
      }
    }
    if (sign === undefined) continue
    perSample[`takes ${name} as the vendor signs it`] = async () => {
      await create().verify?.(await requestOf(sample, sign), now)
    }
    perSample[`refuses ${name} without a signature`] = async () => refused(await requestOf(sample, undefined))
    perSample[`refuses ${name} with each part of its signature spoilt`] = async () => {
      for (const spoilt of spoiltOf(await requestOf(sample, sign), await requestOf(sample, undefined))) await refused(spoilt)
    }
    if (coversBody && sample.body !== '') {
      perSample[`refuses ${name} with one byte changed, added or missing`] = async () => {
        const { body } = (await sign({ url: new URL(endpoint), body: sample.body, at: now })) ?? {}
        for (const change of changesOf(body ?? sample.body)) await refused(await requestOf(sample, sign, now, change))
      }
      if (contentType.endsWith('json'))
        perSample[`refuses ${name} serialised anew`] = async () =>
          refused(await requestOf(sample, sign, now, reserialised(sample.body)))
    }
    if (forge !== undefined)
      perSample[`refuses ${name} signed with another secret`] = async () => refused(await requestOf(sample, forge))
    if (holdsFor !== undefined)
      perSample[`refuses ${name} once its signature is stale, or from the future`] = async () => {
        await create().verify?.(await requestOf(sample, sign, now - holdsFor + 1000), now)
        await refused(await requestOf(sample, sign, now - holdsFor - 2000))
        await refused(await requestOf(sample, sign, now + holdsFor + 2000))
      }
  }

  const bodies = samples.filter(([, { body }]) => body !== '')
  return casesOf({
    ...perSample,
    ...(sign !== undefined && {
      'names how it knows the vendor': async () => ok(create().signature, 'signature is missing'),
      'refuses what holds no proof at all': async () => {
        const request = { method: 'POST', url: new URL(endpoint), headers: new Map<string, string>(), body: new Uint8Array() }
        await rejects(async () => create().verify?.(request, now), WebhookVerificationError)
      },
    }),
    'throws nothing but WebhookParseError, whatever comes': async () => {
      const shape = { body: '', receipts: [], ...(samples[0]?.[1].method && { method: samples[0][1].method }) }
      for (const body of hostile) {
        const request = await requestOf({ ...shape, body }, undefined)
        read(() => create().parse(request))
      }
      for (const [, sample] of bodies) {
        for (const body of cutsOf(sample.body)) {
          const request = await requestOf({ ...sample, body }, undefined)
          read(() => create().parse(request))
        }
      }
      equal(({} as { polluted?: unknown }).polluted, undefined)
    },
    'says the same of a message, whatever the order, however often': () =>
      anyOrder(
        create().provider,
        samples.flatMap(([, { receipts }]) => receipts),
      ),
  })
}

function joined(url: URL, query: string | undefined): URL {
  const whole = new URL(url)
  for (const [name, value] of new URLSearchParams(query)) whole.searchParams.append(name, value)
  return whole
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** The request with each header and query parameter that the signature brought left out, and made something else. */
function* spoiltOf(signed: WebhookRequest, plain: WebhookRequest): Generator<WebhookRequest> {
  for (const [name, value] of signed.headers) {
    if (plain.headers.get(name) === value) continue
    const without = new Map(signed.headers)
    without.delete(name)
    yield { ...signed, headers: without }
    for (const other of othersThan(value)) yield { ...signed, headers: new Map(signed.headers).set(name, other) }
  }
  for (const [name, value] of signed.url.searchParams) {
    if (plain.url.searchParams.get(name) === value) continue
    for (const other of ['', ...othersThan(value)]) {
      const url = new URL(signed.url)
      url.searchParams.set(name, other)
      yield { ...signed, url }
    }
  }
}

function othersThan(value: string): string[] {
  const middle = Math.floor(value.length / 2)
  const flipped = value.slice(0, middle) + (value[middle] === 'a' ? 'b' : 'a') + value.slice(middle + 1)
  return ['x', '=', flipped, value.slice(0, -2)]
}

function* changesOf(body: string): Generator<string> {
  for (const at of [0, Math.floor(body.length / 2), body.length - 1])
    yield body.slice(0, at) + (body[at] === 'x' ? 'y' : 'x') + body.slice(at + 1)
  yield `${body} `
  yield body.slice(0, -1)
}

function reserialised(body: string): string {
  const compact = JSON.stringify(JSON.parse(body))
  return compact === body ? JSON.stringify(JSON.parse(body), null, 1) : compact
}
