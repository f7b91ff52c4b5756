// npm run docs:providers: writes the tables of providers into README.md and docs/providers.md, from what the adapters declare.
import { readFileSync, writeFileSync } from 'node:fs'
import { adapters } from './adapters.ts'
import { type Adapter, fullTable, markdown, shortTable, type Table } from './table.ts'

const begin = '<!-- providers: npm run docs:providers -->'
const end = '<!-- /providers -->'

const pages: Readonly<Record<string, Table>> = {
  'README.md': shortTable(adapters, linkTo('docs/providers/')),
  'docs/providers.md': fullTable(adapters, linkTo('providers/')),
}

function linkTo(folder: string): (adapter: Adapter) => string {
  return ({ page, title = page }) => `[\`${title}\`](${folder}${page}.md)`
}

/** The pages with their tables as they should be, by name. */
export function written(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(pages).map(([name, table]) => {
      const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
      const [before, rest] = text.split(begin)
      const after = rest?.split(end)[1]
      if (before === undefined || after === undefined) throw new Error(`${name} has no place for the table: ${begin} … ${end}`)
      return [name, `${before}${begin}\n\n${markdown(table)}\n\n${end}${after}`]
    }),
  )
}

if (import.meta.main) for (const [name, text] of written()) writeFileSync(new URL(`../../${name}`, import.meta.url), text)
