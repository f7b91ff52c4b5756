import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NotificationStore } from 'omnicascade'
import { type SqliteOptions, sqlite } from 'omnicascade/stores/sqlite'
import { afterEach } from 'vitest'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Runs once the test has ended, the last one first. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** The path of a file that is not there yet, in a directory of its own. */
export function freshFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'omnicascade-sqlite-'))
  afterTest(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'notify.db')
}

/** A store that the end of the test closes. */
export function opened(options: string | SqliteOptions = freshFile()): NotificationStore {
  const store = sqlite(options)
  afterTest(() => store.close?.())
  return store
}
