// `npm run chaos`: the crash tests, for as long as one likes. Exits with 1 at the first invariant that is broken, and names its seed.
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bundle, bundleChild } from './bundle.ts'
import type { EngineSetting } from './engines.ts'
import { type Blow, sail } from './fleet.ts'
import { verify } from './invariants.ts'
import { preparePostgres } from './prepare.ts'
import { createRandom } from './random.ts'
import { type OwnServer, postgresPrograms, startDurableRedis, startPostgres } from './servers.ts'
import { type Survived, survive } from './survive.ts'
import type { Figures } from './world.ts'

const help = `npm run chaos -- [--engine sqlite|postgres|redis] [--kills <number>] [--seconds <number>] [--seed <number>]
  --engine   sqlite: one process, killed at named points and at any moment (default)
             postgres, redis: on a server of the run's own; by turns (as the seed is even or odd) six processes, killed, stopped, cut off, and their
             server crashed, and one process that is killed
  --kills    how many kills (and other blows) at least; default 2000 on sqlite, else 300
  --seconds  ends after the first round that is over after this many seconds
  --seed     where all random choices come from; default: a random one, which is printed. When processes die also hangs on the machine`

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    kills: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const blows: readonly Blow[] = ['kill a worker', 'stop a worker past its lease', 'cut the connections', 'restart the database']
const perRound = 100

async function sqliteRound(file: string, seed: number, kills: number): Promise<Survived> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicascade-chaos-'))
  try {
    return await survive({ seed, engine: { engine: 'sqlite', path: join(folder, 'chaos.db') }, file, kills, atOnce: 50 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** By turns a fleet, and one process that is killed again and again. */
async function serverRound(file: string, seed: number, kills: number, server: OwnServer): Promise<Survived> {
  const random = createRandom(seed, 0xb10)
  const round = (engine: EngineSetting) =>
    seed % 2 === 0
      ? sail({ seed, file, server, engine, atOnce: 60, blows: random.shuffled([...blows, ...blows]) })
      : survive({ seed, file, engine, kills, atOnce: 50, factor: 100 })
  if (values.engine === 'redis') return round({ engine: 'redis', url: server.url, prefix: `chaos-${seed}` })
  const { engine, drop } = await preparePostgres(server.url)
  try {
    return await round(engine)
  } finally {
    await drop()
  }
}

/** The sum of two rounds' figures. */
function sum(one: Figures, other: Figures): Figures {
  const kills = { ...one.kills }
  for (const [how, count] of Object.entries(other.kills)) kills[how] = (kills[how] ?? 0) + count
  const names = (Object.keys(one) as (keyof Figures)[]).filter((name) => name !== 'kills')
  return { ...one, ...Object.fromEntries(names.map((name) => [name, Number(one[name]) + Number(other[name])])), kills }
}

const countOf = ({ kills }: Figures) => Object.values(kills).reduce((total, count) => total + count, 0)

async function run(bundle: Bundle, server: OwnServer | undefined): Promise<void> {
  const first = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  const enough = values.seconds !== undefined ? Number.POSITIVE_INFINITY : server === undefined ? 2000 : 300
  const wanted = Number(values.kills ?? enough)
  const until = Date.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1000
  console.log(`seed ${first}`)
  let total: Figures | undefined
  for (let seed = first; (total === undefined || countOf(total) < wanted) && Date.now() < until; seed++) {
    const left = Math.min(perRound, wanted - (total === undefined ? 0 : countOf(total)))
    try {
      const { evidence, figures, errors } = await (server === undefined
        ? sqliteRound(bundle.file, seed, left)
        : serverRound(bundle.file, seed, left, server))
      total = total === undefined ? figures : sum(total, figures)
      const { kills, ...rest } = figures
      console.log(`round ${seed}: ${countOf(figures)} kills, ${JSON.stringify(rest)}`)
      verify(evidence)
      if (server === undefined && errors.length > 0) throw new Error(`something failed in the background: ${errors[0]}`)
    } catch (error) {
      console.error(`\nseed ${seed} (npm run chaos -- --engine ${values.engine} --kills ${left} --seed ${seed}):`)
      throw error
    }
  }
  console.log('\nevery invariant held', total)
}

if (values.help) console.log(help)
else {
  const bundle = await bundleChild()
  const programs = postgresPrograms()
  if (values.engine === 'postgres' && programs === undefined) throw new Error('PostgreSQL (initdb, postgres) is missing')
  const server =
    values.engine === 'postgres'
      ? await startPostgres(programs ?? '')
      : values.engine === 'redis'
        ? await startDurableRedis()
        : undefined
  try {
    await run(bundle, server)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  } finally {
    await server?.stop()
    await bundle.remove()
  }
}
