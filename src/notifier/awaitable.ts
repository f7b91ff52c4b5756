import type { Awaitable } from '../contract/json.ts'

// Not named `then`: import() takes a module that exports `then` for a promise.
/** `await` that stays synchronous when its value is: the usual send touches no promise until its provider is called. */
export function chain<T, U>(value: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? Promise.resolve(value).then(use) : use(value)
}

/** What `run` comes to, or what `otherwise` makes of what it throws or rejects with. */
export function guarded<T>(run: () => Awaitable<T>, otherwise: (error: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const value = run()
    return isThenable(value) ? Promise.resolve(value).catch(otherwise) : value
  } catch (error) {
    return otherwise(error)
  }
}

/** Also promises of other libraries and realms: taken for a value, one that says no would be taken for a yes. */
function isThenable<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
