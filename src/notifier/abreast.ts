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
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  const latest = new Map<string, Promise<void>>()
  let running = 0
  let fault: { readonly error: unknown } | undefined
  let pulling = false
  let exhausted = false
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

  async function pull(): Promise<void> {
    pulling = true
    try {
      const { done, value } = await source.next()
      if (done) exhausted = true
      else if (fault === undefined) begin(value)
    } catch (error) {
      exhausted = true
      fault ??= { error }
    }
    pulling = false
    wake()
  }

  for (;;) {
    const isOpen = !exhausted && fault === undefined
    if (isOpen && !pulling && running < most) void pull()
    else if (!isOpen && running === 0) break
    else
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  if (fault === undefined) return
  const ended = exhausted ? undefined : end()
  // A source that is asked for an element may not answer for long: then it is told, and not waited for.
  if (!pulling) await ended
  throw fault.error

  /** Tells the source that no more is wanted. What it says to that must not hide why. */
  async function end(): Promise<void> {
    try {
      await source.return?.()
    } catch {}
  }
}
