import type { RedisClient } from './client.ts'
import { isCutShort, replyCodeOf, toStoreError } from './errors.ts'
import type { Script } from './scripts.ts'

/** Runs a script; what fails, fails with a `StoreError`. */
export type Run = (script: Script, keys: readonly string[], ...values: readonly (string | number)[]) => Promise<unknown>

interface Call {
  readonly script: Script
  readonly keysAndValues: readonly (string | number)[]
  readonly keys: number
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
  tries: number
  /** The server does not know the script: its text is sent instead of its hash. */
  whole: boolean
}

// What is sent at once is one string of ioredis's, and the server answers others in between.
const longest = 250
const mostTries = 5

/** Scripts that are called in one turn of the event loop go out as one pipeline. */
export function createPipeline(client: RedisClient): Run {
  let waiting: Call[] = []

  function flush(): void {
    const calls = waiting
    waiting = []
    for (let from = 0; from < calls.length; from += longest) void send(calls.slice(from, from + longest))
  }

  async function send(calls: readonly Call[]): Promise<void> {
    try {
      const answers = await client.pipeline(calls.map(toCommand)).exec()
      for (const [index, call] of calls.entries()) {
        const [error, reply] = answers?.[index] ?? [undefined]
        answer(call, error, reply)
      }
    } catch (error) {
      for (const { reject } of calls) reject(toStoreError(error))
    }
  }

  function answer(call: Call, error: Error | null | undefined, reply: unknown): void {
    if (error === null) return call.resolve(reply)
    const code = replyCodeOf(error)
    if (code === 'NOSCRIPT') call.whole = true
    else if (!isCutShort(error) && !isRedirection(code)) return call.reject(toStoreError(error))
    if (++call.tries >= mostTries) return call.reject(toStoreError(error))
    // Alone, since ioredis follows redirections only of pipelines that fail as one.
    void send([call])
  }

  return (script, keys, ...values) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ script, keysAndValues: [...keys, ...values], keys: keys.length, resolve, reject, tries: 0, whole: false })
    })
}

function toCommand({ script, keysAndValues, keys, whole }: Call): unknown[] {
  return [...(whole ? ['eval', script.text] : ['evalsha', script.sha]), keys, ...keysAndValues]
}

function isRedirection(code: string | undefined): boolean {
  return code === 'MOVED' || code === 'ASK' || code === 'TRYAGAIN'
}
