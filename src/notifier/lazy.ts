import type { Awaitable } from '../contract/json.ts'

/** Loads a part of the core when it is first needed, once; whoever needs it later has it at once. */
export function lazy<T extends object>(load: () => Promise<T>): () => Awaitable<T> {
  let part: Awaitable<T> | undefined
  return () => {
    part ??= load().then((loaded) => {
      part = loaded
      return loaded
    })
    return part
  }
}
