// What pages say that an example prints is what it prints: each runs here in a process of its own, as a reader would run it.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { pages, root } from '../../docs/.vitepress/repository.ts'

const printing = /^```ts\n((?:(?!```).*\n)+)```\n\nIt prints:\n\n```\n((?:(?!```).*\n)+)```/gm
const examples = pages.flatMap((page) =>
  [...readFileSync(resolve(root, page), 'utf8').matchAll(printing)].map(([, code = '', shown = '']) => ({ page, code, shown })),
)

/** Without what differs from run to run, where the clock is the machine's. */
const lasting = (text: string) =>
  text
    .replace(/[\w-]{21}(?=[.:])/g, 'ID')
    .replace(/\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d|\+\d+\.\ds/g, 'TIME')
    .replace(/ +/g, ' ')

function run(code: string): Promise<string> {
  return new Promise((done, fail) => {
    const args = ['--conditions=@omnicascade/source', '--input-type=module-typescript']
    const child = execFile(process.execPath, args, { cwd: root }, (error, stdout) => (error ? fail(error) : done(stdout)))
    child.stdin?.end(code)
  })
}

test.each(examples)('of $page prints what the page shows', { timeout: 30_000 }, async ({ code, shown }) => {
  const printed = await run(code)
  if (code.includes('createTestNotifier')) expect(printed).toBe(shown)
  else expect(lasting(printed)).toBe(lasting(shown))
})

test('are found', () => {
  expect(examples.length).toBeGreaterThanOrEqual(8)
})
