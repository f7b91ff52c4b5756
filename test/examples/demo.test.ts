import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { demo, somewhereAtNight } from '../../examples/demo/main.ts'

const root = resolve(import.meta.dirname, '../..')

function terminal() {
  let text = ''
  return {
    isTTY: true,
    write: (more: string) => {
      text += more
    },
    text: () => text,
  }
}

/** Without what differs from run to run. */
const lasting = (line: string) =>
  line.replace(/[0-9a-f-]{36}|[\w-]{21}(?=[.:])/g, 'ID').replace(/\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d|\+\d+\.\ds/g, 'TIME')

const never = new AbortController().signal

describe('npm run demo', () => {
  test('ends well, and shows how each notification went', { timeout: 30_000 }, async () => {
    const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: { demo: string } }
    const [program, ...args] = scripts.demo.split(' ')
    expect(program).toBe('node')
    const child = spawn(process.execPath, args, { cwd: root })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const [code] = await once(child, 'close')
    for (const words of [
      /telegram {2}failed: .*bot was blocked by the user/,
      'sendios reported failed (sms_lost)',
      'settled: delivered by email',
      'sequenceDiagram',
      'twin reported delivered (DELIVERED)',
      'settled: delivered by sms',
      'quiet hours',
      'settled: cancelled',
      '100 %  100,002 events',
      'checks passed',
    ]) {
      expect(output).toMatch(words)
    }
    expect(output.match(/\n {2}\[=* *\]/g), 'a line for each quarter').toHaveLength(5)
    const [, quoted = ''] = /From what it prints:\n\n```\n(.*?)```/s.exec(readFileSync(resolve(root, 'README.md'), 'utf8')) ?? []
    const shown = quoted.split('\n').filter((line) => line !== '…')
    expect(output.split('\n').map(lasting), 'as the README shows it').toEqual(expect.arrayContaining(shown.map(lasting)))
    expect(shown.length).toBeGreaterThan(20)
    expect(output, 'nothing that only a terminal understands').not.toContain('\r')
    expect(code).toBe(0)
  })

  test('says what came out otherwise than expected', { timeout: 30_000 }, async () => {
    const out = terminal()
    const differences = await demo(out, never, { blocked: [], generated: 1000 })
    expect(differences.join('\n')).toContain(
      '1: outcome: expected ["delivered","email",false], got ["delivered","telegram",false]',
    )
    expect(out.text()).toMatch(/\d checks failed:\n1: outcome/)
    expect(out.text().match(/\r {2}\[=* *\]/g)?.length, 'a progress bar redrawn in place').toBeGreaterThan(90)
  })

  test('stops at once when it is asked to, and lets go of everything', async () => {
    const stop = new AbortController()
    const out = terminal()
    const running = demo(out, stop.signal, { generated: 1000 })
    stop.abort('stopped by SIGTERM')
    await expect(running).rejects.toBe('stopped by SIGTERM')
  })

  test('finds a night at every hour of the year’s longest and shortest day', () => {
    for (const day of ['2026-06-21', '2026-12-21']) {
      for (let minute = 0; minute < 1440; minute += 10) {
        const { time } = somewhereAtNight(new Date(Date.parse(day) + minute * 60_000))
        expect(time >= '21:00' || time < '08:30').toBe(true)
      }
    }
  })

  test('exports the very sample of Samba’s documentation', () => {
    const sample = (path: string) => readFileSync(resolve(root, path), 'utf8')
    expect(sample('examples/demo/twins/samba-sample.txt')).toBe(sample('test/samba/fixtures/sample.txt'))
  })
})
