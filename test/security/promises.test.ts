import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(resolve(root, 'SECURITY.md'), 'utf8')

test('every promise of SECURITY.md names its test, and every test of this folder is named', () => {
  const promised = text.slice(text.indexOf('## What is promised'), text.indexOf('## What vendors prove'))
  const promises = promised.split(/\n- \*\*/).slice(1)
  expect(promises.length).toBeGreaterThan(8)
  for (const promise of promises) expect(promise).toMatch(/\.test\.ts|the same test/)
  const named = [...promised.matchAll(/\(test\/security\/([\w-]+\.test\.ts)\)/g)].map(([, file]) => file!)
  const there = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts') && file !== 'promises.test.ts')
  expect([...new Set(named)].sort()).toEqual(there.sort())
})

test('its links lead somewhere, and the README and CONTRIBUTING.md lead to it', () => {
  for (const [, path] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) expect(existsSync(resolve(root, path!)), path).toBe(true)
  for (const name of ['README.md', 'CONTRIBUTING.md'])
    expect(readFileSync(resolve(root, name), 'utf8')).toContain('](SECURITY.md)')
  const { files } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { files: readonly string[] }
  expect(files).toContain('SECURITY.md')
})
