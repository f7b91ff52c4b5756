import { HttpResponse, http, type RequestHandler } from 'msw'
import type { Channel } from 'omnicascade'
import type { TwinClientOptions } from 'omnicascade/providers/twin'
import type { ContentByChannel } from '../../../src/contract/content.ts'
import type { SendRequest } from '../../../src/contract/provider.ts'
import type { Clock } from '../../../src/contract/time.ts'

export const notify = 'https://notify.twin24.ai/api/v1'
export const auth = 'https://iam.twin24.ai/api/v1/auth'
export const chat = 'https://chat-api.twin24.ai/api/v1'

export const credentials = { email: 'ada@example.org', password: 'pa55-w0rd!' } satisfies TwinClientOptions

/** Noon of the day on which the tests happen. */
export const noon = Date.UTC(2026, 10, 25, 12)

/** A clock that the test moves, with the timers that are set on it. */
export function handClock(start = noon): Clock & { advance(by: number): void; readonly timers: number } {
  let time = start
  const timers = new Set<{ readonly due: number; readonly run: () => void }>()
  return {
    now: () => time,
    setTimer(delay, run) {
      const timer = { due: time + delay, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(by) {
      time += by
      for (const timer of [...timers].filter(({ due }) => due <= time)) {
        timers.delete(timer)
        timer.run()
      }
    },
    get timers() {
      return timers.size
    },
  }
}

/** A token as TWIN's identity service gives it: a JWT whose payload says when it expires. */
export function jwt(expiresAt: number, serial = 1): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part({ iss: 'тwin', exp: expiresAt / 1000, serial })}.c2lnbmF0dXJl`
}

/** One request as it came over the wire. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly authorization: string | null
  readonly body: unknown
}

/** Records a request; a JSON body is parsed. */
export async function seen(request: Request): Promise<Seen> {
  const url = new URL(request.url)
  const text = await request.clone().text()
  return {
    method: request.method,
    path: `${url.origin}${url.pathname}`,
    query: Object.fromEntries(url.searchParams),
    authorization: request.headers.get('authorization'),
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

/** The identity service: hands out tokens that last an hour, numbered from 1. */
export function identity(clock: { now(): number }, log: Seen[] = []): RequestHandler[] {
  let serial = 0
  const tokens = async (request: Request) => {
    log.push(await seen(request))
    serial++
    return HttpResponse.json({ token: jwt(clock.now() + 3_600_000, serial), refreshToken: `refresh-${serial}` })
  }
  return [
    http.post(`${auth}/login`, ({ request }) => tokens(request)),
    http.post(`${auth}/refresh`, ({ request }) => tokens(request)),
  ]
}

/** What TWIN answers to a message it has taken. */
export const taken = {
  id: '00a54d39-a18b-45f6-959e-1a4cea82ff91',
  bulkId: 'a91f09a5-33f6-4a23-9f17-505a57956948',
  groupId: 'd9a74f70-7547-4603-bd5e-523f0a290c8c',
  flowId: '5350e5f6-3215-4a0c-8869-dbeae14a6539',
  status: 'PENDING',
  channel: 'SMS',
  error: null,
}

/** One attempt. */
export function requestFor<C extends Channel>(
  channel: C,
  content: ContentByChannel[C],
  to: SendRequest['to'],
  more: Partial<SendRequest> = {},
): SendRequest {
  return {
    channel,
    to,
    content,
    recipient: {},
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within: 120_000,
    ...more,
  } as SendRequest
}
