import { type ChannelProvider, SendError } from 'omnicascade'

export interface GatewayOptions {
  readonly baseUrl: string
  readonly apiKey: string
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** Sends SMS through the company's own gateway. */
export function gateway({ baseUrl, apiKey, fetch = globalThis.fetch }: GatewayOptions): ChannelProvider<'sms'> {
  return {
    name: 'gateway',
    channels: ['sms'],
    receipts: 'full',
    timeout: '10s',
    limits: { rate: { count: 50, per: '1s' }, concurrency: 20 },
    async send({ to, content, idempotencyKey, within }, { signal }) {
      const { status, ok, headers, json } = await called(fetch, `${baseUrl}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ to, text: content.text, reference: idempotencyKey, ttl: Math.floor(within / 1000) }),
        redirect: 'manual',
        signal,
      })
      if (ok && typeof json?.id === 'string') return { messageId: json.id }
      const retryAfter = 1000 * Number(headers.get('retry-after')) || undefined
      if (ok || status === 504) throw new SendError('unknown', 'nobody knows what became of it', { code: status })
      if (status === 404) throw new SendError('recipient', 'the number does not exist', { code: status })
      if (status === 429 || status >= 500) throw new SendError('transient', 'the gateway is busy', { code: status, retryAfter })
      if (status === 400 || status === 422) throw new SendError('content', 'the text was refused', { code: status })
      throw new SendError('configuration', 'the gateway refuses us, or is elsewhere', { code: status })
    },
  }
}

/** Neither the URL nor the headers may show in an error. */
async function called(fetch: typeof globalThis.fetch, url: string, init: RequestInit) {
  if (init.signal?.aborted) throw new SendError('transient', 'it was not called')
  try {
    const response = await fetch(url, init)
    const text = await response.text()
    let json: { readonly id?: unknown } | null = null
    try {
      json = JSON.parse(text)
    } catch {}
    return { status: response.status, ok: response.ok, headers: response.headers, json }
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
    const isRefused = code === 'ECONNREFUSED' || code === 'ENOTFOUND'
    throw new SendError(isRefused ? 'transient' : 'unknown', 'the connection was refused or lost')
  }
}
