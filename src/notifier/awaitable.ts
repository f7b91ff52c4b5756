import type { Awaitable } from '../contract/json.ts'

// Not named `then`: import() takes a module that exports `then` for a promise.
/** `await` that stays synchronous when its value is: the usual send touches no promise until its provider is called. */
export function chain<T, U>(value: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}
