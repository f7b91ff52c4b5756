import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../support/free-port.ts'

/** Where a program of Kannel is; undefined if it is not installed. */
function programOf(name: string): string | undefined {
  const paths = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, name))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const bearerbox = programOf('bearerbox')
const smsbox = programOf('smsbox')

/** Whether Kannel can be started. */
export const isInstalled: boolean = bearerbox !== undefined && smsbox !== undefined

/** What a gateway is told: the SMPP port of its SMSC, the one `sendsms` user, and what is called for an inbound message. */
export interface GatewayOptions {
  readonly smscPort: number
  readonly username: string
  readonly password: string
  readonly getUrl: string
}

/** A Kannel gateway of the machine's own Kannel: bearerbox, which binds to the SMSC, and smsbox before it. */
export async function startGateway({ smscPort, username, password, getUrl }: GatewayOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'omnicascade-kannel-'))
  const [adminPort, boxPort, sendPort] = [await freePort(), await freePort(), await freePort()]
  const file = join(folder, 'kannel.conf')
  writeFileSync(
    file,
    groups([
      { group: 'core', 'admin-port': adminPort, 'admin-password': 'x', 'smsbox-port': boxPort, 'dlr-storage': 'internal' },
      {
        group: 'smsc',
        smsc: 'smpp',
        'smsc-id': 'loopback',
        host: '127.0.0.1',
        port: smscPort,
        'smsc-username': 'kannel',
        'smsc-password': 'secret',
        'system-type': '""',
        'transceiver-mode': 'true',
        'interface-version': 34,
        'denied-smsc-id': 'nowhere',
      },
      {
        group: 'smsbox',
        'bearerbox-host': '127.0.0.1',
        'sendsms-port': sendPort,
        'http-request-retry': 3,
        'http-queue-delay': 1,
        'black-list-regex': '^.420666',
      },
      { group: 'sendsms-user', username, password: `"${password}"`, 'max-messages': 10, concatenation: 'true' },
      { group: 'sms-service', keyword: 'default', 'catch-all': 'true', 'get-url': `"${getUrl}"`, 'max-messages': 0 },
    ]),
  )
  const started: ChildProcess[] = []
  const start = async (program: string, ready: RegExp) => {
    const child = spawn(program, ['-v', '1', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    started.unshift(child)
    const lines: string[] = []
    await new Promise<void>((resolve, reject) => {
      const heard = (line: string) => {
        lines.push(line)
        if (ready.test(line)) resolve()
      }
      for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', heard)
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`${program} has ended:\n${lines.join('\n')}`)))
    })
  }
  const stop = async () => {
    for (const child of started) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await start(bearerbox!, /entering mainloop/i)
    await start(smsbox!, /connected to bearerbox/i)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${sendPort}/cgi-bin/sendsms`, stop }
}

function groups(all: readonly Readonly<Record<string, string | number>>[]): string {
  return all
    .map((group) =>
      Object.entries(group)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join(''),
    )
    .join('\n')
}
