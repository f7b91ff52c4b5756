import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { almost } from './hostile.ts'

const src = new URL('../../src/', import.meta.url)

/** Every regular expression that is written down in the sources. */
const patterns = new Map<string, string[]>()
for (const file of globSync('**/*.ts', { cwd: src })) {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, src), 'utf8'), ts.ScriptTarget.Latest)
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) {
      const text = node.getText(source)
      patterns.set(text, [...(patterns.get(text) ?? []), file])
    }
    node.forEachChild(visit)
  }
  visit(source)
}

// Those that take the square of a text's length, and why none of that comes to pass.
const bounded = new Map([
  [String(/\/+$/), "for URLs of the app's own options"],
  [String(/=+$/), 'for base64 that this library has made, which ends in two at most'],
  [String(/^(E[A-Z]+_?[A-Z]*)$/), 'for codes of 32 characters at most'],
  [String(/[^\s"'<>()[\]:,;]*@[^\s"'<>()[\],;]+/g), 'for the first 2,200 characters of what a vendor says'],
])

const length = 2 ** 15

describe('every regular expression of the sources', () => {
  test('is found', () => {
    expect(patterns.size).toBeGreaterThan(200)
  })

  test('is named among the bounded ones only as long as it is there', () => {
    expect([...bounded.keys()].filter((text) => !patterns.has(text))).toEqual([])
  })

  test.each([...patterns].filter(([text]) => !bounded.has(text)))('%s takes linear time (%j)', (text) => {
    const end = text.lastIndexOf('/')
    const pattern = new RegExp(text.slice(1, end), text.slice(end + 1))
    expect([...unitsOf(text), ...almost].find((unit) => isSlowFor(pattern, unit))).toBeUndefined()
  })
})

test('a pattern that takes the square of its length would be seen', () => {
  expect(isSlowFor(/a+$/, 'a')).toBe(true)
  expect(isSlowFor(/^a+$/, 'a')).toBe(false)
})

/** What a pattern itself is made of: its letters, and each pair of them. */
function unitsOf(text: string): string[] {
  const letters = [...new Set(text.replace(/\\./g, '').replace(/[^\w<>@.:=/-]/g, ''))]
  return [...letters, ...letters.slice(0, 12).flatMap((one) => letters.slice(0, 12).map((other) => one + other))]
}

/** Whether a pattern takes the square of the length of a text. */
function isSlowFor(pattern: RegExp, unit: string): boolean {
  const text = `${unit.repeat(length / unit.length)}\u0000`
  for (let tries = 0; tries < 3; tries++) {
    const began = performance.now()
    pattern.lastIndex = 0
    text.replace(pattern, '')
    // Linear time is well below a millisecond; its square, hundreds.
    if (performance.now() - began < 100) return false
  }
  return true
}
