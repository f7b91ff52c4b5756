import { PGlite } from '@electric-sql/pglite'
import type { PostgresClient, PostgresPool } from 'omnicascade/stores/postgres'
import { afterAll } from 'vitest'

/** PGlite as a pool of one connection: whoever has it lent keeps the others waiting. Ended when its test file is through. */
export async function pglitePool(): Promise<PostgresPool> {
  const db = await PGlite.create()
  afterAll(() => db.close())
  let last: Promise<void> = Promise.resolve()

  async function query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    // Several statements at once go without values only, as with `pg`.
    return values === undefined ? ((await db.exec(text)).at(-1) ?? { rows: [] }) : await db.query(text, values)
  }

  async function turn(): Promise<() => void> {
    const before = last
    let end = () => {}
    last = new Promise((resolve) => {
      end = resolve
    })
    await before
    return end
  }

  return {
    options: { max: 1 },
    async query(text, values) {
      const end = await turn()
      try {
        return await query(text, values)
      } finally {
        end()
      }
    },
    async connect() {
      const release = await turn()
      const client: PostgresClient = { query, release, on: () => {}, removeListener: () => {}, removeAllListeners: () => {} }
      return client
    },
  }
}
