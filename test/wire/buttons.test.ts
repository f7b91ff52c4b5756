import { expect, test } from 'vitest'
import { withButtons } from '../../src/wire/buttons.ts'

test('writes each button on a line of its own', () => {
  const buttons = [
    { text: 'Track', url: 'https://example.org/1' },
    { text: 'Help', url: 'https://example.org/2' },
  ]
  expect(withButtons('Hi', buttons)).toBe('Hi\nTrack: https://example.org/1\nHelp: https://example.org/2')
  expect(withButtons('', buttons.slice(0, 1))).toBe('Track: https://example.org/1')
  expect(withButtons('Hi', [])).toBe('Hi')
})
