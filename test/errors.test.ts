import { OmnicascadeError, SendError } from 'omnicascade'
import { expect, test } from 'vitest'

test('errors are recognised', () => {
  expect(OmnicascadeError.is(new SendError('transient', 'x'))).toBe(true)
})
