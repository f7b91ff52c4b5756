import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const tree = mkdtempSync(join(tmpdir(), 'omnicascade-arrows-'))
afterAll(() => rmSync(tree, { recursive: true, force: true }))

// Each file imports what stands beside it. `type ` before a name makes the import a type-only one; a leaf imports nothing.
const planted: Readonly<Record<string, readonly string[]>> = {
  'contract/errors.ts': ['../wire/leaf.ts', 'node:fs'],
  'contract/record.ts': ['type ./events.ts'],
  'contract/events.ts': ['./record.ts'],
  'cascade/machine.ts': ['../contract/record.ts', '@date-fns/tz', '../notifier/leaf.ts', 'nanoid', 'node:crypto'],
  'notifier/notifier.ts': ['../contract/record.ts', '../cascade/leaf.ts', 'eventemitter3', 'nanoid', '../providers/slack.ts'],
  'notifier/fingerprint.ts': ['type node:crypto', 'ky'],
  'templates/define.ts': ['../contract/record.ts', 'ky', './liquid.ts'],
  'templates/liquid.ts': ['liquidjs', '../text/leaf.ts', '../notifier/leaf.ts'],
  'text/sms.ts': ['../contract/record.ts', '../cascade/leaf.ts'],
  'text/round.ts': ['./trip.ts'],
  'text/trip.ts': ['./round.ts'],
  'wire/http.ts': ['ky', '../contract/record.ts', '../text/leaf.ts'],
  'webhooks/sendios.ts': ['../wire/leaf.ts', '../samba/leaf.ts'],
  'samba/samba.ts': ['../contract/record.ts', 'type ../testing/leaf.ts'],
  'providers/telegram.ts': ['../wire/http.ts', '../text/leaf.ts', '../webhooks/leaf.ts', './slack.ts', '../cascade/leaf.ts'],
  'providers/smtp.ts': ['nodemailer', 'type nodemailer', './smtp/options.ts', 'msw'],
  'providers/smtp/options.ts': ['../smtp2.ts', '../../index.ts'],
  'providers/smtp2.ts': ['./missing.ts'],
  'providers/slack.ts': [],
  'preferences/preferences.ts': ['../stores/leaf.ts', '../contract/record.ts', '../wire/leaf.ts', '../notifier/leaf.ts'],
  'http/express.ts': ['type express', './handle.ts', '../providers/slack.ts'],
  'http/handle.ts': ['../contract/record.ts'],
  'pictures/pictures.ts': ['../cascade/leaf.ts', '../contract/record.ts', '../wire/leaf.ts'],
  'cost/cost.ts': ['../text/leaf.ts', '../contract/record.ts', '../notifier/leaf.ts'],
  'links/links.ts': ['linkify-it', '../contract/record.ts'],
  'testing/testing.ts': ['../notifier/notifier.ts', '../contract/record.ts'],
  'index.ts': ['./notifier/leaf.ts', './contract/record.ts', './links/links.ts'],
  ...Object.fromEntries(
    ['cascade', 'notifier', 'text', 'wire', 'webhooks', 'samba', 'stores', 'testing'].map((room) => [`${room}/leaf.ts`, []]),
  ),
}

const caught = `
adapters-do-not-know-each-other: src/providers/smtp/options.ts -> src/providers/smtp2.ts
adapters-do-not-know-each-other: src/providers/telegram.ts -> src/providers/slack.ts
adapters-know-the-contract-only: src/cost/cost.ts -> src/notifier/leaf.ts
adapters-know-the-contract-only: src/http/express.ts -> src/providers/slack.ts
adapters-know-the-contract-only: src/samba/samba.ts -> src/testing/leaf.ts
adapters-know-the-contract-only: src/templates/liquid.ts -> src/notifier/leaf.ts
adapters-know-the-contract-only: src/webhooks/sendios.ts -> src/samba/leaf.ts
cascade-is-pure: src/cascade/machine.ts -> crypto
cascade-is-pure: src/cascade/machine.ts -> node_modules/nanoid
cascade-is-pure: src/cascade/machine.ts -> src/notifier/leaf.ts
contract-knows-nobody: src/contract/errors.ts -> fs
contract-knows-nobody: src/contract/errors.ts -> src/wire/leaf.ts
core-knows-no-adapter: src/contract/errors.ts -> src/wire/leaf.ts
core-knows-no-adapter: src/index.ts -> src/links/links.ts
core-knows-no-adapter: src/notifier/notifier.ts -> src/providers/slack.ts
core-knows-no-adapter: src/templates/define.ts -> src/templates/liquid.ts
core-runs-anywhere: src/cascade/machine.ts -> crypto
core-runs-anywhere: src/contract/errors.ts -> fs
core-runs-anywhere: src/notifier/fingerprint.ts -> crypto
core-stays-small: src/notifier/fingerprint.ts -> node_modules/ky
core-stays-small: src/templates/define.ts -> node_modules/ky
helpers-know-the-contract-only: src/text/sms.ts -> src/cascade/leaf.ts
helpers-know-the-contract-only: src/wire/http.ts -> src/text/leaf.ts
no-cycles: src/text/round.ts -> src/text/trip.ts
no-dev-dependencies: src/providers/smtp.ts -> node_modules/msw
no-orphan-imports: src/providers/smtp2.ts -> ./missing.ts
nobody-imports-the-index: src/providers/smtp/options.ts -> src/index.ts
pictures-know-the-core-only: src/pictures/pictures.ts -> src/wire/leaf.ts
preferences-know-the-contract-only: src/preferences/preferences.ts -> src/notifier/leaf.ts
providers-know-the-contract-only: src/providers/telegram.ts -> src/cascade/leaf.ts
`

interface Violation {
  readonly rule: { readonly name: string }
  readonly from: string
  readonly to: string
}

/** Writes the planted tree and gives what dependency-cruiser says about it under our own rules. */
function cruise(): Promise<readonly Violation[]> {
  for (const [file, imports] of Object.entries(planted)) {
    const lines = imports.map((name, at) =>
      name.startsWith('type ') ? `import type * as t${at} from '${name.slice(5)}'` : `import * as m${at} from '${name}'`,
    )
    mkdirSync(dirname(join(tree, 'src', file)), { recursive: true })
    writeFileSync(join(tree, 'src', file), [...lines, 'export const here = true'].join('\n'))
  }
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) cpSync(join(root, file), join(tree, file))
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  return new Promise((resolve, reject) => {
    const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const options = { cwd: tree, maxBuffer: 64 * 1024 * 1024 }
    // It exits with the number of violations, which is no fault here.
    execFile(process.execPath, [cli, 'src', '--output-type', 'json'], options, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }))
      else resolve((JSON.parse(stdout) as { summary: { violations: readonly Violation[] } }).summary.violations)
    })
  })
}

test('each arrow that the design forbids is caught, and none that it allows', async () => {
  const lines = (await cruise()).map(({ rule, from, to }) => {
    const target = to.replace(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*/, 'node_modules/$1')
    return `${rule.name}: ${from} -> ${target}`
  })
  expect([...new Set(lines)].sort()).toEqual(caught.trim().split('\n'))
}, 20_000)
