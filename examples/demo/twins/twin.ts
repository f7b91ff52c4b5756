import { randomUUID } from 'node:crypto'
import { loopback, outbox, reply } from './loopback.ts'
import type { WebhookTwin } from './sendios.ts'

/** How the twin behaves. */
export interface TwinTwinOptions {
  readonly email: string
  readonly password: string
}

interface Message {
  readonly callbackUrl?: string
  readonly callbackData?: string
}

/** Log-in and messages of the TWIN notification service; it delivers whatever it is given, and says so to `callbackUrl`. */
export async function twinTwin({ email, password }: TwinTwinOptions): Promise<WebhookTwin> {
  const { answers, post, close } = outbox()
  const token = jwtFor(3600)

  const twin = await loopback(({ method, path, headers, body }, response) => {
    if (method === 'POST' && path === '/api/v1/auth/login') {
      const login = body as { email?: unknown; password?: unknown }
      if (login.email === email && login.password === password) return reply(response, 200, { token, refreshToken: randomUUID() })
      return reply(response, 401, { error: 'Wrong email or password.' })
    }
    if (headers.authorization !== `Bearer ${token}`) return reply(response, 401, { error: 'Token is expired.' })
    if (method !== 'POST' || path !== '/api/v1/messages') return reply(response, 404, { error: 'Not found.' })

    const { messages } = body as { messages: readonly Message[] }
    const bulkId = randomUUID()
    const taken = messages.map((message) => {
      const ids = { id: randomUUID(), bulkId, groupId: randomUUID(), flowId: randomUUID() }
      if (message.callbackUrl !== undefined) post(message.callbackUrl, callbackOf(ids, message), 400)
      return { ...ids, status: 'PENDING', channel: 'SMS', error: null }
    })
    reply(response, 200, taken)
  })
  return {
    ...twin,
    answers,
    close() {
      close()
      return twin.close()
    },
  }
}

/** One JSON object for each change of status: no time, no channel, no recipient, no signature. */
function callbackOf(ids: object, { callbackData }: Message): object {
  const change = { oldStatus: 'PENDING', newStatus: 'DELIVERED', oldStatusCode: 2, newStatusCode: 6 }
  return { ...ids, ...change, price: 0, partCount: 1, callbackData }
}

/** A token that lasts so many seconds. */
function jwtFor(ttl: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part({ exp: Math.floor(Date.now() / 1000) + ttl })}.c2lnbmF0dXJl`
}
