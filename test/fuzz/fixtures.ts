import { readFileSync } from 'node:fs'
import type { SendRequest } from '../../src/contract/provider.ts'

/** A webhook as its vendor sends it, from the samples of that vendor's tests. */
export interface RecordedWebhook {
  readonly name: string
  readonly query?: string
  readonly body?: string
}

/** An answer as its vendor gives it, from that vendor's tests. */
export interface RecordedAnswer {
  readonly name: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A file of the tests. */
export function fileOf(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
}

/** What was recorded of a vendor's webhooks: bodies, or queries where they have none. */
export function webhooksOf(vendor: string): readonly string[] {
  const recorded = JSON.parse(fileOf(`fuzz/fixtures/webhooks/${vendor}.json`)) as readonly RecordedWebhook[]
  return recorded.map(({ body, query }) => body ?? query ?? '')
}

/** What was recorded of a vendor's answers. */
export function answersOf(vendor: string): readonly RecordedAnswer[] {
  return recordedOf(vendor).answers
}

/** A request that the vendor takes. */
export function requestOf(vendor: string): SendRequest {
  return recordedOf(vendor).request
}

function recordedOf(vendor: string): { readonly request: SendRequest; readonly answers: readonly RecordedAnswer[] } {
  return JSON.parse(fileOf(`fuzz/fixtures/answers/${vendor}.json`)) as ReturnType<typeof recordedOf>
}
