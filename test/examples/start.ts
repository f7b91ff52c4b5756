import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'omnicascade-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `npm run example:<name>` without npm, and with no more of the environment than `env`. Nothing of it outlives the test. */
export function startExample(
  name: string,
  env: Readonly<Record<string, string>> = {},
  preload: readonly string[] = [],
  more: readonly string[] = [],
) {
  const [program, ...args] = (scripts[`example:${name}`] ?? '').split(' ')
  if (program !== 'node') throw new Error(`there is no script example:${name} that starts Node`)
  const imports = preload.flatMap((file) => ['--import', file])
  const child = spawn(process.execPath, [...imports, ...args, ...more], { cwd: root, env: { PATH: process.env.PATH, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  let look = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      look()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }))
  return {
    child,
    ended,
    /** Resolves with what matches once it is printed. */
    prints: (words: RegExp) =>
      new Promise<RegExpExecArray>((found, fail) => {
        look = () => {
          const match = words.exec(output)
          if (match) found(match)
        }
        look()
        void ended.then(() => fail(new Error(`it ended without ${words}: ${output}`)))
      }),
  }
}
