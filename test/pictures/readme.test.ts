import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { pictures } from '../../examples/pictures/pictures.ts'
import { parseXml } from '../support/xml.ts'

const root = resolve(import.meta.dirname, '../..')

test('the README shows each picture as the code draws it today (npm run docs:pictures)', async () => {
  const readme = readFileSync(resolve(root, 'README.md'), 'utf8')
  for (const [name, svg] of Object.entries(await pictures())) {
    parseXml(svg.trimEnd())
    expect(readme).toContain(`docs/img/${name}.svg`)
    expect(readFileSync(resolve(root, `docs/img/${name}.svg`), 'utf8'), name).toBe(svg)
  }
})
