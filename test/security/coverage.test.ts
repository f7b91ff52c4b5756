import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { adapters } from '../../examples/catalogue/adapters.ts'
import { subjects } from './subjects/all.ts'
import { sources } from './subjects/sources.ts'

const src = resolve(import.meta.dirname, '../../src')

test('every provider of the catalogue is attacked', () => {
  expect(subjects.map(({ name }) => name).sort()).toEqual(adapters.map(({ title, page }) => title ?? page).sort())
})

test('on each of its channels', () => {
  for (const { name, requests, create } of subjects) {
    const attacked = new Set<string>(requests.map(({ channel }) => channel))
    const { channels } = create()
    // TWIN and the console have one way for all nine.
    if (channels.length < 9) expect([...attacked].sort(), name).toEqual([...channels].sort())
  }
})

test('every source of webhooks is attacked, and each file that has one is known', () => {
  const withSource = adapters.filter(({ source }) => source !== undefined && 'parse' in source)
  expect(sources.map(({ name }) => name).sort()).toEqual([...new Set(withSource.map(({ page }) => page))].sort())
  const files = readdirSync(resolve(src, 'providers'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('webhook.ts'),
  )
  const pages = files.map((file) => file.split(/[\\/]/)[0])
  // Telegram's is beside the provider, Sendios's in `webhooks/`.
  expect([...pages, 'sendios', 'telegram'].sort()).toEqual(sources.map(({ name }) => name).sort())
})
