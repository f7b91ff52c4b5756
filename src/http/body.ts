import type { Clock } from '../contract/time.ts'
import { WebhookRefusal } from './refusal.ts'

/** How much of a body is read, in bytes, and for how long, in milliseconds. */
export interface BodyLimits {
  readonly limit: number
  readonly timeout: number
  readonly clock: Clock
}

/** Reads a body to its end. Throws a `WebhookRefusal`: 413 past the limit, 408 past the time, 400 when the client goes away. */
export async function readBody(chunks: AsyncIterator<Uint8Array>, { limit, timeout, clock }: BodyLimits): Promise<Uint8Array> {
  let stopTimer = (): void => {}
  const late = new Promise<never>((_, reject) => {
    stopTimer = clock.setTimer(timeout, () => reject(new WebhookRefusal(408, `the body took longer than ${timeout} ms`)))
  })
  try {
    return await collect(chunks, late, limit)
  } finally {
    stopTimer()
  }
}

async function collect(chunks: AsyncIterator<Uint8Array>, late: Promise<never>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const next = await Promise.race([chunks.next().catch(goneAway), late])
    if (next.done) return concat(parts, size)
    size += next.value.byteLength
    if (size > limit) throw tooLarge(limit)
    parts.push(next.value)
  }
}

/** The refusal of a body longer than `limit` bytes. */
export function tooLarge(limit: number): WebhookRefusal {
  return new WebhookRefusal(413, `the body is longer than ${limit} bytes`)
}

function goneAway(): never {
  throw new WebhookRefusal(400, 'the connection ended before the body did')
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
