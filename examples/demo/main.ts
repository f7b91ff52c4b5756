// npm run demo: a cascade from end to end, against twins of the vendors on this machine. With -- --list, the adapters and what they declare.
import { formatTimeline, type NotificationRecord } from 'omnicascade'
import { adapters } from '../catalogue/adapters.ts'
import { aligned, fullTable } from '../catalogue/table.ts'
import { orderShipped } from './app.ts'
import { type Checks, createChecks } from './checks.ts'
import { line, progressBar, type Screen } from './screen.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'
import { sambaStatuses } from './twins/samba.ts'
import type { SendiosSms } from './twins/sendios.ts'

interface Scene {
  readonly stage: Stage
  readonly checks: Checks
  readonly screen: Screen
  readonly signal: AbortSignal
}

const order = { name: 'Ada', order: '1001', url: 'https://shop.example/orders/1001?utm_source=cascade&utm_campaign=shipped' }

/** Three channels, two of which fail, each in its own way. */
async function fallsThrough({ stage: { notifier, twins }, checks, screen, signal }: Scene): Promise<void> {
  line(
    screen,
    '1. Telegram refuses, for Ada has blocked the bot. So an SMS goes out, which Sendios accepts and then reports lost.',
  )
  line(screen, '   So an e-mail goes out.\n')
  const { id } = await notifier.send({
    to: { userId: 'test123', telegram: 42, phone: '+420777123456', email: 'ada@example.org', timeZone: 'Europe/Prague' },
    template: orderShipped,
    variables: order,
    cascade: ['telegram', { channel: 'sms', within: '5s' }, 'email'],
  })
  const outcome = await notifier.settled(id, { signal })
  const record = (await notifier.get(id))!
  line(screen, indented(formatTimeline(record)))
  line(screen, '\n   The same as a diagram, for docs and dashboards that draw Mermaid:\n')
  line(screen, indented(formatTimeline(record, { format: 'mermaid' })))

  checks.equal('1: outcome', [outcome.status, outcome.by, outcome.duplicateDelivery], ['delivered', 'email', false])
  checks.equal('1: attempts', attemptsOf(record), [
    ['telegram', 'failed', 'recipient'],
    ['sendios', 'accepted', 'failed'],
    ['smtp', 'accepted', null],
  ])
  checks.equal('1: calls of Telegram', twins.telegram.requests.length, 1)
  checks.equal('1: calls of Sendios', twins.sendios.requests.length, 1)
  checks.equal('1: what the webhooks were answered', await twins.sendios.answers(), [200, 200])
  const sms = twins.sendios.requests[0]?.body as SendiosSms | undefined
  checks.equal('1: where the short link leads', await targetOf(sms, signal), order.url)
  checks.equal('1: mails', mailsTo(twins.mail, 'ada@example.org'), ['Your order 1001 is on its way'])
}

/** One channel with a delivery receipt, and one that is wanted in any case. */
async function sendsBeside({ stage: { notifier, twins }, checks, screen, signal }: Scene): Promise<void> {
  line(screen, '2. An SMS goes out through TWIN, which calls back once it is delivered. A required e-mail goes out beside it.\n')
  const { id } = await notifier.send({
    to: { phone: '+420777123457', email: 'grace@example.org', timeZone: 'Europe/Prague' },
    template: orderShipped,
    variables: { ...order, name: 'Grace', order: '1002' },
    cascade: [
      { channel: 'sms', through: 'twin', within: '5s' },
      { channel: 'email', required: true },
    ],
  })
  const outcome = await notifier.settled(id, { signal })
  const record = (await notifier.get(id))!
  line(screen, indented(formatTimeline(record)))

  checks.equal('2: outcome', [outcome.status, outcome.by, outcome.failedRequired], ['delivered', 'sms', []])
  checks.equal('2: attempts', attemptsOf(record), [
    ['twin', 'accepted', 'delivered'],
    ['smtp', 'accepted', null],
  ])
  checks.equal(
    '2: calls of TWIN',
    twins.twin.requests.map(({ path }) => path),
    ['/api/v1/auth/login', '/api/v1/messages'],
  )
  checks.equal('2: what the callback was answered', await twins.twin.answers(), [200])
  checks.equal('2: mails', mailsTo(twins.mail, 'grace@example.org'), ['Your order 1002 is on its way'])
}

/** Quiet hours, and a change of mind. */
async function isCancelled({ stage: { notifier, twins }, checks, screen, signal }: Scene): Promise<void> {
  const { zone, time } = somewhereAtNight()
  line(screen, `3. It is ${time} where Hedy lives (${zone}), so the message waits for the morning; meanwhile it is cancelled.\n`)
  const before = callsOf(twins)
  const { id } = await notifier.send({
    to: { telegram: 43, email: 'hedy@example.org', timeZone: zone },
    template: orderShipped,
    variables: { ...order, name: 'Hedy', order: '1003' },
    cascade: ['telegram', 'email'],
    window: { from: '09:00', to: '21:00' },
  })
  await notifier.idle()
  const answer = await notifier.cancel(id)
  const outcome = await notifier.settled(id, { signal })
  const record = (await notifier.get(id))!
  line(screen, indented(formatTimeline(record, { timeZone: zone })))

  checks.equal('3: answer of cancel', answer, 'cancelled')
  checks.equal('3: outcome', outcome.status, 'cancelled')
  checks.equal('3: attempts', attemptsOf(record), [])
  checks.equal('3: calls and mails', callsOf(twins), before)
}

/** A process that ends in the midst of it, and another that goes on. */
async function goesOn({ stage, checks, screen, signal }: Scene): Promise<void> {
  line(screen, '4. The app is redeployed while an SMS is out. The new process finds the notification in the SQLite file,')
  line(screen, '   and takes the callback.\n')
  const { id } = await stage.notifier.send({
    to: { phone: '+420777123458', email: 'joan@example.org', timeZone: 'Europe/Prague' },
    template: orderShipped,
    variables: { ...order, name: 'Joan', order: '1004' },
    cascade: [{ channel: 'sms', through: 'twin', within: '5s' }, 'email'],
  })
  for await (const { steps } of stage.notifier.watch(id, { signal })) if (steps[0]?.state === 'awaiting') break
  const before = stage.notifier
  await stage.redeploy()
  const outcome = await stage.notifier.settled(id, { signal })
  const record = (await stage.notifier.get(id))!
  line(screen, indented(formatTimeline(record)))

  checks.equal('4: another process', stage.notifier !== before, true)
  checks.equal('4: outcome', [outcome.status, outcome.by], ['delivered', 'sms'])
  checks.equal('4: attempts', attemptsOf(record), [['twin', 'accepted', 'delivered']])
  checks.equal('4: mails', mailsTo(stage.twins.mail, 'joan@example.org'), [])
}

/** A long stream, and a connection that breaks. */
async function streams({ stage: { samba, twins, generated }, checks, screen, signal }: Scene): Promise<void> {
  const total = generated + 2
  line(
    screen,
    `5. Samba exports ${total.toLocaleString('en')} SMS events. Its connection breaks once half-way, and the export goes on.\n`,
  )
  const statuses = new Map<string, number>()
  const sample: string[] = []
  const show = progressBar(screen, total)
  let events = 0
  let inOrder = 0
  for await (const { smsEvent, source } of samba.exportSmsEvents({ from: Date.now() - 86_400_000, signal })) {
    statuses.set(smsEvent.status, (statuses.get(smsEvent.status) ?? 0) + 1)
    if (source.type !== 'unknown' && events < 2) sample.push(`${source.type} ${source.campaign.name}`)
    if (smsEvent.userId === String(events - 2)) inOrder++
    show(++events)
  }
  const counted = [...statuses].map(([status, count]) => `${count.toLocaleString('en')} ${status}`)
  line(screen, `\n  ${counted.join(', ')}`)

  checks.equal('5: events', events, total)
  checks.equal('5: the sample of the documentation', sample, ['one-off Black Friday', 'flow Retention'])
  checks.equal('5: generated events, each once and in order', inOrder, generated)
  checks.equal('5: delivered', statuses.get('DELIVERED'), 2 + expectedCount('DELIVERED', generated))
  checks.equal('5: requests', twins.samba.requests.length, 2)
}

/** The whole story. Gives what came out otherwise than expected. Rejects with the signal's reason when it is aborted. */
export async function demo(screen: Screen, signal: AbortSignal, options: StageOptions = {}): Promise<readonly string[]> {
  const stage = await openStage(options)
  try {
    const checks = createChecks()
    const scene: Scene = { stage, checks, screen, signal }
    for (const part of [fallsThrough, sendsBeside, isCancelled, goesOn, streams]) {
      await part(scene)
      line(screen)
    }
    const { passed, differences } = checks
    if (differences.length === 0)
      line(screen, `All ${passed} checks passed: outcomes, attempts, mails, and the calls that the vendors saw.`)
    else line(screen, `${differences.length} checks failed:\n${differences.join('\n')}`)
    return differences
  } finally {
    await stage.close()
  }
}

/** Where the link at the end of an SMS redirects to. */
async function targetOf(sms: SendiosSms | undefined, signal: AbortSignal): Promise<string | null> {
  const [link] = /http:\S+$/.exec(sms?.text ?? '') ?? []
  return link === undefined ? null : (await fetch(link, { redirect: 'manual', signal })).headers.get('location')
}

function attemptsOf({ steps }: NotificationRecord): readonly unknown[] {
  return steps.flatMap(({ attempts }) =>
    attempts.map(({ provider, state, status, failure, receiptFailure }) => [
      provider,
      state,
      failure?.kind ?? receiptFailure ?? (status === 'accepted' ? null : status),
    ]),
  )
}

function mailsTo({ received }: Stage['twins']['mail'], address: string): readonly string[] {
  return received.filter(({ to }) => to.includes(address)).map(({ subject }) => subject)
}

function callsOf({ telegram, sendios, twin, mail }: Stage['twins']): number {
  return telegram.requests.length + sendios.requests.length + twin.requests.length + mail.received.length
}

function expectedCount(status: string, generated: number): number {
  let count = 0
  for (let index = 0; index < generated; index++) if (sambaStatuses[index % sambaStatuses.length] === status) count++
  return count
}

/** A zone in which it is night, as it always is in one of these, and its time. */
export function somewhereAtNight(now = new Date()): { zone: string; time: string } {
  const zones = ['Europe/Prague', 'Asia/Kolkata', 'Asia/Tokyo', 'Pacific/Auckland', 'Pacific/Honolulu', 'America/New_York']
  for (const zone of zones) {
    const time = now.toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
    if (time >= '21:00' || time < '08:30') return { zone, time }
  }
  throw new Error('there is no night anywhere')
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

if (import.meta.main && process.argv.includes('--list')) {
  line(process.stdout, aligned(fullTable(adapters, ({ page, title = page }) => title)))
} else if (import.meta.main) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(`stopped by ${name}`))
  try {
    const differences = await demo(process.stdout, AbortSignal.any([stop.signal, AbortSignal.timeout(30_000)]))
    process.exitCode = differences.length === 0 ? 0 : 1
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}
