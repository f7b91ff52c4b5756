// Runs the example as its users do: one command, a database, and nothing else.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { postgresWorld } from '../support/postgres.ts'

const root = resolve(import.meta.dirname, '../..')
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const [program, ...args] = (scripts['example:scaled'] ?? '').split(' ')
const world = await postgresWorld()

/** Runs it in a process group of its own, so that a test that fails leaves none of its processes behind. */
function start(databaseUrl: string, ...more: string[]) {
  const child = spawn(process.execPath, [...args, ...more], {
    cwd: root,
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
    detached: true,
  })
  const { pid } = child
  if (pid === undefined) throw new Error('it did not start')
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nothing of it is left, as it should be.
    }
  })
  let output = ''
  let look = () => {}
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      look()
    })
  const ended = once(child, 'close').then(([code]) => ({ code, output }))
  const prints = (words: RegExp) =>
    new Promise<string>((resolve, reject) => {
      look = () => words.test(output) && resolve(output)
      look()
      void ended.then(() => reject(new Error(`it ended without ${words}: ${output}`)))
    })
  return { pid, ended, prints }
}

/** Without what differs from run to run; either worker may have sent the SMS. */
const lasting = (line: string) =>
  line
    .trim()
    .replace(/[0-9a-f-]{36}|[\w-]{21}(?=\.)/g, 'ID')
    .replace(/\d\d:\d\d:\d\d|\+\d+\.\ds/g, 'TIME')
    .replace(/worker-\d/, 'worker')
    .replace(/ +/g, ' ')

/** Whether anything of a process group is left. */
function isLeft(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

test('npm run example:scaled says how to give it a database', { timeout: 30_000 }, async () => {
  const { code, output } = await start('postgres://postgres@127.0.0.1:1/none').ended
  expect(output).toMatch(/^postgres: the database could not be reached.*\nDATABASE_URL says which PostgreSQL to use\.\n$/)
  expect(code).toBe(1)
})

describe.skipIf(world === null)('npm run example:scaled', { timeout: 120_000 }, () => {
  const url = world?.url ?? ''

  async function schemasOf(output: string): Promise<readonly unknown[]> {
    const schema = /omnicascade_scaled_\w+/.exec(output)?.[0]
    expect(schema).toBeDefined()
    const like = `${schema}%`
    const { rows } = (await world?.pool().query('select nspname from pg_namespace where nspname like $1', [like])) ?? { rows: [] }
    return rows
  }

  test('loses a worker, delivers everything once, ends well and leaves nothing behind', async () => {
    expect(program).toBe('node')
    const { pid, ended } = start(url)
    const { code, output } = await ended
    expect(output).toMatch(/All \d\d checks passed\.\n$/)
    expect(code).toBe(0)

    const lines = output.split('\n').map((line) => line.trim())
    const table = (title: string) => lines.filter((line) => line.startsWith(title)).map((line) => line.match(/\d+/g)?.map(Number))
    expect(table('requests stored')).toEqual([
      [6, 0, 0, 0],
      [8, 0, 0, 0],
    ])
    expect(table('reports stored').at(-1)).toEqual([0, 0, 0, 8])
    const [web, one, two, webhooks] = table('calls of providers').at(-1) ?? []
    expect([web, (one ?? 0) + (two ?? 0), webhooks], 'eight SMS and four e-mails').toEqual([0, 12, 0])
    // The process comes first: two timelines, of which the second goes on after the webhook, in the other worker.
    expect(lines.filter((line) => /^web .* created$/.test(line))).toHaveLength(2)
    expect(lines.filter((line) => /^webhooks .* twin reported delivered/.test(line))).toHaveLength(1)
    expect(lines.filter((line) => /^webhooks .* gave up: it was not delivered → email/.test(line))).toHaveLength(1)
    expect(lines.filter((line) => /^worker-2 .* settled: delivered by email/.test(line))).toHaveLength(1)

    const docs = readFileSync(resolve(root, 'docs/stores.md'), 'utf8')
    const shown = /^```\n(web .*?)^```$/ms.exec(docs)?.[1]?.trim().split('\n') ?? []
    expect(shown).toHaveLength(9)
    expect(lines.map(lasting), 'as docs/stores.md shows it').toEqual(expect.arrayContaining(shown.map(lasting)))

    expect(await schemasOf(output)).toEqual([])
    expect(isLeft(pid)).toBe(false)
  })

  test('stays up on demand: the web process answers, and SIGTERM ends all four', async () => {
    const { pid, ended, prints } = start(url, '--stay')
    const printed = await prints(/worker-1 is back.*\/outcome\n/s)
    expect((await schemasOf(printed)).length, 'tables of the store, and of pg-boss').toBe(2)
    const web = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]
    const post = (order: string, body: object | null) =>
      fetch(`${web}/orders/${order}/shipped`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      })
    const answer = await post('3001', { phone: '+420777000090', email: 'ada@example.org' })
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    const outcome = await fetch(`${web}/notifications/${id}/outcome`)
    expect([outcome.status, await outcome.json()]).toMatchObject([200, { status: 'delivered', by: 'email' }])
    expect(await (await fetch(`${web}/notifications/${id}`)).text()).toMatch(/: delivered by email .*\n.*created\n/)

    const other = { phone: '+420777000091', email: 'ada@example.org' }
    const refused = [post('3001', other), post('3002', {}), post('3003', null), fetch(`${web}/notifications/none`)]
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([409, 400, 400, 404])

    process.kill(pid, 'SIGTERM')
    const { code, output } = await ended
    expect(output).toMatch(/SIGTERM to web, worker-1, worker-2, webhooks\.\n\nAll \d\d checks passed\.\n$/)
    expect(code).toBe(0)
    expect(await schemasOf(output)).toEqual([])
    expect(isLeft(pid)).toBe(false)
  })
})
