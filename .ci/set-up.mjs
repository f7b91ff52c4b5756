// What a folder with packages of its own needs (`node .ci/set-up.mjs bench`), also on a fresh clone: the project's packages, the folder's, and
// with --build the library as users get it. --scripts lets the packages run their install scripts.
import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const [folder, ...flags] = process.argv.slice(2)
// What they print goes beside the figures, not among them.
const run = (command) => execSync(command, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] })

if (!existsSync(resolve(root, 'node_modules'))) run('npm ci --no-audit --no-fund')
run(`npm ci --prefix ${folder} ${flags.includes('--scripts') ? '' : '--ignore-scripts '}--no-audit --no-fund`)
if (flags.includes('--build')) run('npm run --silent build')
