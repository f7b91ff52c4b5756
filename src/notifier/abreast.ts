import { pullFrom } from './pull.ts'

/** What an iterable is worked on with. */
export interface AbreastOptions<T> {
  /** How many at a time. */
  readonly most: number
  /** Those that have one in common are worked on one after the other, in their order. */
  readonly keys: (item: T) => readonly string[]
  readonly work: (item: T) => Promise<unknown>
}

/**
 * Works on several elements of an iterable at a time, and pulls no more than there is room for. After the first failure none is begun: it rejects with
 * that once what was begun has ended, even if the source takes its time.
 */
export async function abreast<T>(items: Iterable<T> | AsyncIterable<T>, { most, keys, work }: AbreastOptions<T>): Promise<void> {
  const latest = new Map<string, Promise<void>>()
  let running = 0
  let fault: { readonly error: unknown } | undefined
  let wake = () => {}

  async function workOn(item: T, before: readonly Promise<void>[]): Promise<void> {
    try {
      if (before.length > 0) await Promise.all(before)
      if (fault === undefined) await work(item)
    } catch (error) {
      fault ??= { error }
    }
    running--
    wake()
  }

  function begin(item: T): void {
    const own = keys(item)
    running++
    const ended = workOn(
      item,
      own.flatMap((key) => latest.get(key) ?? []),
    )
    for (const key of own) latest.set(key, ended)
    void ended.then(() => {
      for (const key of own) if (latest.get(key) === ended) latest.delete(key)
    })
  }

  const source = pullFrom(items, {
    take: (item) => {
      if (fault === undefined) begin(item)
    },
    fail: (error) => {
      fault ??= { error }
    },
    ended: () => wake(),
  })
  for (;;) {
    const isOpen = !source.isExhausted && fault === undefined
    if (isOpen && !source.isPulling && running < most) void source.pull()
    else if (!isOpen && running === 0) break
    else
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  if (fault === undefined) return
  // What the source says to that must not hide why.
  await source.end().catch(() => {})
  throw fault.error
}
