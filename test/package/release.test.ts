import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { released, sectionOf } from '../../.ci/changelog.ts'

const root = resolve(import.meta.dirname, '../..')
const changelog = `# Changelog

## [Unreleased]

### Added

- Carrier pigeons.

## [0.1.0] - 2026-11-25

### Added

- Everything.
`

describe('a changelog', () => {
  test('tells what a version brought', () => {
    expect(sectionOf(changelog, 'Unreleased')).toBe('### Added\n\n- Carrier pigeons.')
    expect(sectionOf(changelog, '0.1.0')).toBe('### Added\n\n- Everything.')
    expect(() => sectionOf(changelog, '9.9.9')).toThrow('no section "## [9.9.9]"')
  })

  test('dates what was not released, and leaves room for more', () => {
    const next = released(changelog, '0.2.0', '2026-12-01')
    expect(next).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- Carrier pigeons.\n\n## [0.1.0]')
    expect(sectionOf(next, 'Unreleased')).toBe('')
    expect(() => released(next, '0.3.0', '2026-12-02')).toThrow('nothing to release')
  })

  test.each(['0.1.0', '0.0.9'])('goes forward only: not to %s', (version) => {
    expect(() => released(changelog, version, '2026-12-01')).toThrow(`${version} does not come after 0.1.0`)
  })

  test.each(['0.10.0', '1.0.0', '0.1.1'])('goes on to %s', (version) => {
    expect(released(changelog, version, '2026-12-01')).toContain(`## [${version}] - 2026-12-01`)
  })

  test.each(['next', 'v0.2.0', '0.2', '0.2.0-rc.1', ''])('knows no version "%s"', (version) => {
    expect(() => released(changelog, version, '2026-12-01')).toThrow('is no version')
  })

  test('of the project is one that can be released', () => {
    const own = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
    expect(released(own, '99.0.0', '2026-12-01')).toContain('## [99.0.0] - 2026-12-01')
  })
})

describe('npm run release', () => {
  let work: string
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: work, encoding: 'utf8' }).trim()
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, ['.ci/release.ts', ...args], {
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'omnicascade-release-'))
    for (const name of ['release.ts', 'changelog.ts']) cpSync(join(root, '.ci', name), join(work, '.ci', name))
    const manifest = { name: 'pigeons', version: '0.1.0', type: 'module' }
    writeFileSync(join(work, 'package.json'), JSON.stringify(manifest))
    const packages = { '': { name: 'pigeons', version: '0.1.0' } }
    writeFileSync(join(work, 'package-lock.json'), JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }))
    writeFileSync(join(work, 'CHANGELOG.md'), changelog)
    git('init', '--quiet', '--initial-branch=main')
    git('config', 'user.name', 'Ada')
    git('config', 'user.email', 'ada@example.org')
    git('add', '--all')
    git('commit', '--quiet', '--message', 'Begin')
  })
  afterEach(() => rmSync(work, { recursive: true, force: true }))

  test('commits and tags a version that agrees with package.json and the changelog', () => {
    expect(run('0.2.0')).toContain('git push --follow-tags')
    expect(git('log', '--format=%s')).toBe('Release 0.2.0\nBegin')
    expect(git('status', '--porcelain')).toBe('')
    expect(git('tag', '--list', '--format=%(refname:short) %(contents:body)')).toContain('v0.2.0')
    expect(run('--check', 'v0.2.0')).toBe('### Added\n\n- Carrier pigeons.\n')
    expect(() => run('--check', 'v0.1.0')).toThrow('the tag is v0.1.0 and package.json says 0.2.0')
    expect(() => run('0.2.0')).toThrow('v0.2.0 exists already')
  })

  test('changes nothing where something is not committed', () => {
    writeFileSync(join(work, 'new.txt'), '')
    expect(() => run('0.2.0')).toThrow('the working tree is not clean')
    expect(git('tag', '--list')).toBe('')
  })
})
