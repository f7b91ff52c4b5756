// Makes a release: `npm run release -- 0.2.0` dates the changelog, sets the version, commits and tags. Nothing leaves the machine: pushing the tag lets
// .github/workflows/release.yml publish it. With --check it says whether package.json and CHANGELOG.md agree with a tag.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { released, sectionOf } from './changelog.ts'

const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
const read = (path: string) => readFileSync(path, 'utf8')
const versionOf = (path: string) => (JSON.parse(read(path)) as { version: string }).version

function check(tag: string): void {
  const version = versionOf('package.json')
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag} and package.json says ${version}`)
  if (versionOf('package-lock.json') !== version) throw new Error('package-lock.json has another version: run npm install')
  console.log(sectionOf(read('CHANGELOG.md'), version))
}

function release(version: string): void {
  if (git('status', '--porcelain') !== '') throw new Error('the working tree is not clean: commit first')
  if (git('tag', '--list', `v${version}`) !== '') throw new Error(`v${version} exists already`)
  const changelog = released(read('CHANGELOG.md'), version, new Date().toISOString().slice(0, 10))
  writeFileSync('CHANGELOG.md', changelog)
  execFileSync('npm', ['version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts'])
  git('commit', '--quiet', '--message', `Release ${version}`, '--', 'CHANGELOG.md', 'package.json', 'package-lock.json')
  git('tag', '--annotate', `v${version}`, '--message', sectionOf(changelog, version))
  console.log(`v${version} is committed and tagged. Look at it, then: git push --follow-tags`)
}

const [first = '', second = ''] = process.argv.slice(2)
try {
  if (first === '--check') check(second)
  else release(first)
} catch (error) {
  console.error(`✗ ${(error as Error).message}`)
  process.exitCode = 1
}
