// `npm run soak`: a million notifications through faulty vendors. Exits with 1 if an invariant is broken, and names it.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { SoakStore } from './app.ts'
import type { Progress } from './load.ts'
import { type SoakResult, soak } from './soak.ts'
import { tableOf } from './table.ts'

const help = `npm run soak -- [--notifications <number>] [--store memory|sqlite|both] [--seed <number>] [--in-hand <number>]
  --notifications  how many, on each store; default 1000000
  --store          memory, sqlite, or both, one after the other (default)
  --seed           where all random choices come from; default: a random one, which is printed. What meets what also hangs on the machine
  --in-hand        how many may be sent and not settled at a time; default 1000
  --factor         how much faster than real time the clock of the run goes: waits of minutes take seconds; default 5
  --seconds        nothing more is sent after so many seconds on a store, and what was sent is judged`

const { values } = parseArgs({
  options: {
    notifications: { type: 'string', default: '1000000' },
    store: { type: 'string', default: 'both' },
    seed: { type: 'string' },
    'in-hand': { type: 'string', default: '1000' },
    factor: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const lookEvery = 15_000
const perOutage = 80_000

function tell({ seconds, settled, perSecond, inHand, memory, open }: Progress): void {
  const circuits = open.length === 0 ? 'all closed' : `open: ${open.join(', ')}`
  const held = `rss ${memory.rss.toFixed(0)} MB, heap ${memory.heap.toFixed(1)} MB`
  console.log(
    `${seconds.toFixed(0)} s: ${settled} settled, ${perSecond.toFixed(0)}/s, ${inHand} in hand, ${held}, circuits ${circuits}`,
  )
}

async function run(): Promise<boolean> {
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  const notifications = Number(values.notifications)
  const inHand = Number(values['in-hand'])
  const stores: readonly SoakStore[] =
    values.store === 'memory' ? ['memory'] : values.store === 'sqlite' ? ['sqlite'] : ['memory', 'sqlite']
  const outages = Math.max(1, Math.round(notifications / perOutage))
  const seconds = values.seconds === undefined ? {} : { seconds: Number(values.seconds) }
  const options = { notifications, seed, inHand, factor: Number(values.factor), outages, lookEvery, ...seconds }
  console.log(`seed ${seed}`)
  let isWhole = true
  for (const store of stores) {
    console.log(`\n${notifications} notifications on the store ${store}`)
    const result: SoakResult = await soak({ ...options, store, onProgress: tell })
    console.log(tableOf(result))
    for (const { invariant, where } of result.broken) console.error(`BROKEN: ${invariant}: ${where}`)
    if (result.broken.length > 0) isWhole = false
    else console.log('every invariant held')
  }
  return isWhole
}

if (values.help) console.log(help)
else if (!(await run())) process.exitCode = 1
