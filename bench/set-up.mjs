// What the benchmarks need, also on a fresh clone: the project's packages, their own, and with --build the library as users get it.
import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
// What they print goes beside the figures, not among them.
const run = (command) => execSync(command, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] })

if (!existsSync(resolve(root, 'node_modules'))) run('npm ci --no-audit --no-fund')
run('npm ci --prefix bench --ignore-scripts --no-audit --no-fund')
if (process.argv.includes('--build')) run('npm run --silent build')
