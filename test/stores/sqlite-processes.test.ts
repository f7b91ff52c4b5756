import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { sqlite } from 'omnicascade/stores/sqlite'
import { describe, expect, test } from 'vitest'
import { sampleRecord } from '../../src/testing/store-contract/samples.ts'
import { afterTest, freshFile, opened, stranger } from './sqlite/support.ts'

const script = join(import.meta.dirname, 'sqlite/child.ts')
const source = '--conditions=@omnicascade/source'

function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  afterTest(() => child.kill('SIGKILL'))
  const lines: unknown[] = []
  const errors: string[] = []
  const output = createInterface({ input: child.stdout })
  output.on('line', (line) => lines.push(JSON.parse(line)))
  child.stderr.on('data', (data) => errors.push(String(data)))
  return { child, lines, output, errors, ended: once(child, 'close') }
}

const node = (role: string, path: string, argument = '') => start(process.execPath, [source, script, role, path, argument])

/** Runs to its end, and gives what it told. */
async function ran({ child, lines, errors, ended }: ReturnType<typeof start>): Promise<unknown[]> {
  await ended
  expect(child.exitCode, errors.join('')).toBe(0)
  return lines
}

function killedAfter(count: number, { child, output, ended }: ReturnType<typeof start>): Promise<unknown> {
  let told = 0
  output.on('line', () => ++told === count && child.kill('SIGKILL'))
  return ended
}

describe('several processes on one file', () => {
  test('open it for the first time all at once, and lose no update and no claim', { timeout: 60_000 }, async () => {
    const path = freshFile()
    const children = Array.from({ length: 4 }, (_, i) => node('race', path, String(i)))
    const store = opened(path)
    await store.insert(sampleRecord('counter'))
    const claims = (await Promise.all(children.map(ran))).flat(2)
    expect(await store.get('counter')).toMatchObject({ version: 400 })
    expect(claims).toHaveLength(100)
    expect(new Set(claims.map((id) => String(id).split('-')[1])).size).toBe(100)
    for (const id of claims) expect(await store.get(String(id))).toBeDefined()
  })

  test('lose nothing that was stored when they are killed, and leave no lock behind', { timeout: 60_000 }, async () => {
    const path = freshFile()
    const told: unknown[] = []
    for (let round = 0; round < 4; round++) {
      const writers = [node('write', path, `a${round}`), node('write', path, `b${round}`)]
      await Promise.all(writers.map((writer, i) => killedAfter(20 + 70 * round + 30 * i, writer)))
      told.push(...writers.flatMap(({ lines }) => lines))
    }
    const store = opened(path)
    expect(told.length).toBeGreaterThan(500)
    for (const id of told) expect(await store.get(String(id)), String(id)).toMatchObject({ id })
    await store.insert(sampleRecord('after'))
    expect(stranger(path).prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  })
})

describe('a disk without room', () => {
  /** What was told, against what a process finds that opens the file later, when there is room. */
  async function compared(path: string, child: ReturnType<typeof start>) {
    const told = (await ran(child)) as { stored?: string; failed?: string; fault?: string; engineCode?: string }[]
    const store = opened(path)
    const failed = told.filter((line) => line.failed !== undefined)
    expect(failed.length).toBeGreaterThan(0)
    expect(told.length).toBeGreaterThan(failed.length)
    for (const { stored } of told) if (stored !== undefined) expect(await store.get(stored)).toMatchObject({ id: stored })
    const kept = await Promise.all(failed.map(({ failed = '' }) => store.get(failed)))
    await store.insert(sampleRecord('after'))
    expect(await store.get('after')).toBeDefined()
    return { faults: new Set(failed.map(({ fault, engineCode }) => `${fault} ${engineCode}`)), kept: kept.filter(Boolean) }
  }

  test('that lets no file grow further: what was accepted is stored, and the rest is said to be unknown', async () => {
    const path = freshFile()
    const command = `ulimit -f 1024; exec "${process.execPath}" ${source} "${script}" fill "${path}"`
    const { faults } = await compared(path, start('sh', ['-c', command]))
    expect([...faults]).toEqual(['unavailable SQLITE_IOERR'])
  })

  // Where no file system may be mounted, the page limit of sqlite-faults.test.ts stands in for one.
  const onFullDisk = mounts() ? test : () => {}
  onFullDisk('that is a full file system: what was accepted is stored, and nothing else', async () => {
    const path = freshFile()
    const directory = dirname(path)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory])
    afterTest(() => execFileSync('umount', [directory]))
    const child = node('fill', path)
    await child.ended
    execFileSync('mount', ['-o', 'remount,size=8m', directory])
    const { faults, kept } = await compared(path, child)
    expect([...faults]).toEqual(['full SQLITE_FULL'])
    expect(kept).toEqual([])
  })
})

describe('a file of somebody else', () => {
  async function openedBy(modes: { readonly file: number; readonly directory: number }): Promise<unknown> {
    const path = freshFile()
    const store = sqlite(path)
    await store.insert(sampleRecord('n1'))
    await store.close?.()
    chmodSync(path, modes.file)
    chmodSync(dirname(path), modes.directory)
    return (await ran(node('open', path)))[0]
  }

  test('is refused where the file may only be read', async () => {
    expect(await openedBy({ file: 0o444, directory: 0o777 })).toEqual({ fault: 'readonly', engineCode: 'SQLITE_READONLY' })
  })

  test('is refused where it may not even be read', async () => {
    expect(await openedBy({ file: 0o000, directory: 0o777 })).toEqual({ fault: 'unavailable', engineCode: 'SQLITE_CANTOPEN' })
  })

  test('is refused where its directory may not be written to', async () => {
    expect(await openedBy({ file: 0o444, directory: 0o555 })).toMatchObject({
      fault: expect.stringMatching(/readonly|unavailable/),
    })
  })
})

describe('the oldest Node that has node:sqlite', () => {
  const node22 = resolve(import.meta.dirname, '../../node_modules/node22/node_modules/node/bin/node')

  test('runs the store without a word about it', async () => {
    expect(existsSync(node22)).toBe(true)
    const path = freshFile()
    opened(path).insert(sampleRecord('counter'))
    const child = start(node22, ['--experimental-sqlite', '--experimental-strip-types', source, script, 'race', path, '1'])
    expect((await ran(child)).flat()).toHaveLength(100)
    expect(child.errors.join('')).toMatch(/Type Stripping/)
    expect(child.errors.join('')).not.toMatch(/SQLite/)
  })
})

/** Whether this process may mount a file system of its own. */
function mounts(): boolean {
  const path = freshFile()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dirname(path)], { stdio: 'ignore' })
    execFileSync('umount', [dirname(path)])
    return true
  } catch {
    return false
  }
}
