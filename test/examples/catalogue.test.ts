import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { adapters } from '../../examples/catalogue/adapters.ts'
import { written } from '../../examples/catalogue/main.ts'
import { aligned, fullTable } from '../../examples/catalogue/table.ts'

const root = resolve(import.meta.dirname, '../..')

test('the tables of the README and of docs/providers.md are what the adapters declare (npm run docs:providers)', () => {
  for (const [name, text] of written()) expect(readFileSync(resolve(root, name), 'utf8'), name).toBe(text)
})

test('every adapter has its page, its place in the table, and a name of its own', () => {
  const pages = readdirSync(resolve(root, 'docs/providers'))
    .filter((name) => name !== 'your-own.md')
    .map((name) => name.replace('.md', ''))
  expect([...new Set(adapters.map(({ page }) => page))].sort()).toEqual(pages.sort())
  const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { exports: object }
  const subpaths = Object.keys(exports).flatMap((subpath) => /^\.\/providers\/(.+)$/.exec(subpath)?.[1] ?? [])
  expect(subpaths.filter((name) => name !== 'whatsapp-window').sort()).toEqual(pages.sort())
})

test('a table for terminals has its columns under each other', () => {
  const lines = aligned(fullTable(adapters, ({ page }) => page)).split('\n')
  const at = lines[0]!.indexOf('channels')
  expect(new Set(lines.map((line) => line[at - 1]))).toEqual(new Set([' ']))
  expect(lines).toHaveLength(adapters.length + 1)
})
