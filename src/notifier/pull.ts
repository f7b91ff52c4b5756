/** What becomes of the elements of an iterable, and who is told. */
export interface PullOptions<T> {
  readonly take: (item: T) => void
  /** It failed to give one. None comes after that. */
  readonly fail: (error: unknown) => void
  /** A pull has ended, whatever it came to. */
  readonly ended: () => void
}

/** An iterable that is asked for one element at a time, and not waited for. */
export interface Puller {
  readonly isPulling: boolean
  /** It has no more, or has failed. */
  readonly isExhausted: boolean
  pull(): Promise<void>
  /** Tells the source that no more is wanted. One that is asked for an element may not answer for long: then it is told, and not waited for. */
  end(): Promise<void>
}

/** Pulls from an iterable of either kind. */
export function pullFrom<T>(items: Iterable<T> | AsyncIterable<T>, { take, fail, ended }: PullOptions<T>): Puller {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let isPulling = false
  let isExhausted = false
  return {
    get isPulling() {
      return isPulling
    },
    get isExhausted() {
      return isExhausted
    },
    async pull() {
      isPulling = true
      try {
        const { done, value } = await source.next()
        if (done) isExhausted = true
        else take(value)
      } catch (error) {
        isExhausted = true
        fail(error)
      }
      isPulling = false
      ended()
    },
    async end() {
      const returned = isExhausted ? undefined : source.return?.()
      if (isPulling) void Promise.resolve(returned).catch(() => {})
      else await returned
    },
  }
}
