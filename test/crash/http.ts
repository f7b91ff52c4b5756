// An `import` of it reads every export, and thereby loads WebSockets and `fetch`: half of the time in which a child is up.
/** Node's HTTP. */
export const http = process.getBuiltinModule('node:http')

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Posts JSON over connections that are kept: `fetch` takes too long to load in a process that lives for a tenth of a second. */
export function createPoster(maxSockets = 64) {
  const agent = new http.Agent({ keepAlive: true, maxSockets })
  const post = (url: string, body: unknown, signal?: AbortSignal) =>
    new Promise<Answer>((resolve, reject) => {
      const text = JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
      const sent = http.request(url, { method: 'POST', agent, headers, ...(signal && { signal }) }, (response) => {
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
