import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isOmnicascadeError, OmnicascadeError } from 'omnicascade'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/contract/error-codes.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(resolve(root, 'docs/errors.md'), 'utf8')
const sections = page.split(/^### /m).slice(1)

test('the page of errors tells of each code, in order, with its cause and its remedy, and of no other', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(errorCodes)
  for (const section of sections) expect(section).toMatch(/^.+\n\n\*\*Cause\.\*\* \S[\s\S]+\n\*\*Remedy\.\*\* \S[\s\S]+$/)
})

test('each code is one that the source still gives', () => {
  const files = globSync('src/**/*.ts', { cwd: root, exclude: ['src/contract/error-codes.ts'] })
  const source = files.map((file) => readFileSync(resolve(root, file), 'utf8')).join('\n')
  for (const code of errorCodes) expect(source).toContain(`'${code.replace(/^store-/, '')}'`)
})

test('an error names the place that helps, which the package holds', () => {
  const { docs } = new OmnicascadeError('not-found', 'x')
  expect(docs).toBe('omnicascade/docs/errors.md#not-found')
  const { files } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { files: readonly string[] }
  expect(files).toContain('docs')
})

test('an error of another copy of the library is known as one, and a foreign one is not', async () => {
  const path = resolve(root, 'src/contract/errors.ts')
  const other = (await import(`${path}?copy`)) as typeof import('../../src/contract/errors.ts')
  const error = new other.SendError('transient', 'busy')
  expect(error).not.toBeInstanceOf(OmnicascadeError)
  expect(isOmnicascadeError(error)).toBe(true)
  for (const foreign of [new Error('x'), Object.assign(new Error('x'), { code: 'closed' }), null, undefined, 'x', 1])
    expect(isOmnicascadeError(foreign)).toBe(false)
})
