import { fail } from 'node:assert/strict'
import { inspect } from 'node:util'

/** Fails if any of `secrets` shows in what a log would print of a value. */
export function noneShown(value: unknown, secrets: readonly string[]): void {
  const shown = [String(value), JSON.stringify(value), inspect(value, { depth: 10, showHidden: true }), messageOf(value)].join(
    '\n',
  )
  for (const secret of secrets) if (shown.includes(secret)) fail(`a secret shows in: ${shown}`)
}

/** What a promise rejects with; fails if it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown
  try {
    result = await promise
  } catch (error) {
    return error
  }
  return fail(`it succeeded: ${inspect(result)}`)
}

function messageOf(value: unknown): string {
  return value instanceof Error ? value.message : ''
}
