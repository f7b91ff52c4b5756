// npm run example:scaled: one web process, two workers and one for webhooks, on PostgreSQL. `-- --stay` leaves them running.
import { isOmnicascadeError, type Outcome, type TimelineEntry } from 'omnicascade'
import { type Checks, createChecks } from '../demo/checks.ts'
import type { Line } from './processes.ts'
import { openStage, type Stage } from './stage.ts'

interface Sent {
  readonly id: string
  readonly created: boolean
}

interface Scene {
  readonly stage: Stage
  readonly checks: Checks
  readonly signal: AbortSignal
}

const names = ['web', 'worker-1', 'worker-2', 'webhooks']
// Those to numbers that end in 0 are lost by the vendor.
const phones = ['+420777000011', '+420777000020', '+420777000031', '+420777000040', '+420777000051', '+420777000060']

/** Web process to workers. */
async function ships({ stage, checks, signal }: Scene): Promise<readonly string[]> {
  const { processes, sms } = stage
  console.log('1. Six orders are shipped. The web process stores a notification for each; the workers send the SMS.\n')
  const ids: string[] = []
  for (const [index, phone] of phones.entries()) ids.push((await ship(stage, 1001 + index, phone, signal)).id)
  await processes.until(() => counted(processes.lines, 'attempt.accepted') === ids.length)
  console.log(table(processes.lines))

  const again = await ship(stage, 1001, phones[0] ?? '', signal)
  checks.equal('1: an order that is posted twice', again, { id: ids[0], created: false })
  checks.equal('1: SMS, one for each', sms.phones.toSorted(), phones.map(withoutPlus))
  checks.equal('1: calls by web and webhooks', [callsBy(stage, 'web'), callsBy(stage, 'webhooks')], [0, 0])
  checks.equal('1: calls by workers', callsBy(stage, 'worker-1') + callsBy(stage, 'worker-2'), ids.length)
  return ids
}

/** A worker dies; what it has begun goes on without it. */
async function goesOn({ stage, checks, signal }: Scene, ids: readonly string[]): Promise<void> {
  const { processes, sms, mail } = stage
  console.log("\n2. All six wait for TWIN's report. worker-1 is killed: SIGKILL, no goodbye.")
  checks.equal('2: end of worker-1', await processes.end('worker-1', 'SIGKILL'), 'SIGKILL')
  console.log(
    '   TWIN reports: three were delivered, three were not. The webhook process stores it; worker-2 sends the e-mails.\n',
  )
  sms.report()
  const outcomes = await Promise.all(ids.map((id) => outcomeOf(stage, id, signal)))
  for (const id of ids.slice(0, 2)) console.log(`${await timelineOf(stage, id, signal)}\n`)

  checks.equal(
    '2: outcomes',
    outcomes.map(({ status, by }) => `${status} by ${by}`),
    phones.map((phone) => `delivered by ${phone.endsWith('0') ? 'email' : 'sms'}`),
  )
  checks.equal('2: SMS', sms.phones.length, ids.length)
  checks.equal('2: e-mails, one for each that was lost', mail.received.length, 3)
  checks.equal('2: reports that were stored', byProcess(processes.lines, 'attempt.receipt'), { webhooks: ids.length })
  checks.equal('2: answers to the webhooks', new Set(await sms.answers()), new Set([200]))
}

/** One worker is enough. */
async function remains({ stage, checks, signal }: Scene): Promise<void> {
  console.log('3. Two more orders, and one worker.\n')
  const before = callsBy(stage, 'worker-2')
  const sent = [await ship(stage, 2001, '+420777000071', signal), await ship(stage, 2002, '+420777000080', signal)]
  const outcomes = await Promise.all(sent.map(({ id }) => outcomeOf(stage, id, signal)))
  console.log(table(stage.processes.lines))
  checks.equal(
    '3: outcomes',
    outcomes.map(({ by }) => by),
    ['sms', 'email'],
  )
  checks.equal('3: calls by worker-2', callsBy(stage, 'worker-2') - before, 3)
}

/** A deployment's end: each takes no more, ends what it has begun, and lets go of the database. */
async function ends({ stage: { processes }, checks }: Scene, left: readonly string[]): Promise<void> {
  console.log(`\n4. SIGTERM to ${left.join(', ')}.`)
  const each = (value: number) => Object.fromEntries(left.map((name) => [name, value]))
  checks.equal('4: exit codes', await processes.endAll(), each(0))
  checks.equal('4: said goodbye', byProcess(processes.lines, 'closed'), each(1))
  checks.equal('4: errors', processes.lines.filter(({ type }) => type.endsWith('error')).length, 0)
}

/** The whole story; gives what came out otherwise than expected. With `stay` it ends once `signal` says so. */
async function run(signal: AbortSignal, stay: boolean): Promise<readonly string[]> {
  const story = stay ? signal : AbortSignal.any([signal, AbortSignal.timeout(60_000)])
  const stage = await openStage(story)
  try {
    const checks = createChecks()
    const scene: Scene = { stage, checks, signal: story }
    console.log(`A web process, two workers and one for webhooks, on PostgreSQL, schema ${stage.schema}.\n`)
    const ids = await ships(scene)
    await goesOn(scene, ids)
    await remains(scene)
    if (stay) await stays(stage, signal)
    await ends(scene, stay ? names : names.filter((name) => name !== 'worker-1'))
    if (checks.differences.length === 0) console.log(`\nAll ${checks.passed} checks passed.`)
    else console.log(`\n${checks.differences.length} checks failed:\n${checks.differences.join('\n')}`)
    return checks.differences
  } catch (error) {
    console.error(table(stage.processes.lines))
    throw error
  } finally {
    await stage.close()
  }
}

async function stays({ processes, web }: Stage, signal: AbortSignal): Promise<void> {
  await processes.start('worker-1', 'worker.ts')
  console.log(`
worker-1 is back. All four run until Ctrl-C. TWIN loses SMS to numbers that end in 0.

  curl ${web}/orders/3001/shipped -H 'content-type: application/json' -d '{"phone":"+420777000090","email":"ada@example.org"}'
  curl ${web}/notifications/<id>
  curl ${web}/notifications/<id>/outcome
`)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

async function ship({ web }: Stage, order: number, phone: string, signal: AbortSignal): Promise<Sent> {
  const body = JSON.stringify({ phone, email: 'ada@example.org' })
  const headers = { 'content-type': 'application/json' }
  return answerOf(await fetch(`${web}/orders/${order}/shipped`, { method: 'POST', headers, body, signal }))
}

async function outcomeOf({ web }: Stage, id: string, signal: AbortSignal): Promise<Outcome> {
  for (;;) {
    const response = await fetch(`${web}/notifications/${id}/outcome`, { signal })
    if (response.status !== 202) return answerOf(response)
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T
  throw new Error(`the web process answered ${response.status}: ${await response.text()}`)
}

/** The timeline as people read it, with the process that each line happened in. */
async function timelineOf({ web, processes }: Stage, id: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${web}/notifications/${id}`, { headers: { accept: 'application/json' }, signal })
  const { timeline, text } = await answerOf<{ timeline: readonly TimelineEntry[]; text: string }>(response)
  const isEntry = (line: Line, entry: TimelineEntry) =>
    line.id === id && line.type === entry.type && line.at === entry.at && line.step === ('step' in entry ? entry.step : undefined)
  const who = timeline.map((entry) => processes.lines.find((line) => isEntry(line, entry))?.process ?? '?')
  return text
    .split('\n')
    .map((line, index) => `  ${(who[index - 1] ?? '').padEnd(9)} ${line}`)
    .join('\n')
}

/** Who did what, so far. */
function table(lines: readonly Line[]): string {
  const rows = [
    ['requests stored', 'notification.created'],
    ['calls of providers', 'attempt.started'],
    ['reports stored', 'attempt.receipt'],
    ['outcomes', 'notification.settled'],
  ] as const
  const head = ['', ...names].map((name, index) => (index === 0 ? name.padEnd(20) : name.padStart(10))).join('')
  const body = rows.map(([title, type]) => {
    const counts = byProcess(lines, type)
    return `${title.padEnd(20)}${names.map((name) => String(counts[name] ?? 0).padStart(10)).join('')}`
  })
  return [head, ...body].map((line) => `  ${line}`).join('\n')
}

function byProcess(lines: readonly Line[], type: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const line of lines) if (line.type === type) counts[line.process] = (counts[line.process] ?? 0) + 1
  return counts
}

function counted(lines: readonly Line[], type: string): number {
  return lines.filter((line) => line.type === type).length
}

function callsBy({ processes }: Stage, name: string): number {
  return byProcess(processes.lines, 'attempt.started')[name] ?? 0
}

function withoutPlus(phone: string): string {
  return phone.slice(1)
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort(`stopped by ${name}`))
try {
  const differences = await run(stop.signal, process.argv.includes('--stay'))
  process.exitCode = differences.length === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  if (isOmnicascadeError(error) && error.code === 'store-unavailable') console.error('DATABASE_URL says which PostgreSQL to use.')
  process.exitCode = 1
}
