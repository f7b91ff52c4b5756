import { Agent, request } from 'node:http'

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Posts JSON over connections that are kept: `fetch` takes too long to load in a process that lives for a tenth of a second. */
export function createPoster() {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const post = (url: string, body: unknown, signal?: AbortSignal) =>
    new Promise<Answer>((resolve, reject) => {
      const text = JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
      const sent = request(url, { method: 'POST', agent, headers, ...(signal && { signal }) }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        )
      })
      sent.on('error', reject)
      sent.end(text)
    })
  return { post, close: () => agent.destroy() }
}
