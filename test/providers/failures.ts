import { RequestError, SendError } from 'omnicascade'
import { expect } from 'vitest'

/** The `SendError` that a call rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<SendError> {
  const error = await work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(SendError)
  return error as SendError
}

/** The `RequestError` that a call throws. */
export function thrownBy(call: () => unknown): RequestError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError)
    return error as RequestError
  }
  return expect.fail('it did not throw')
}
