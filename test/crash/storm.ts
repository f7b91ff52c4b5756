// The same receipts, three times, in random order, to two processes at once.
import { createNotifier, memoryStore, type NotificationRecord, type NotificationStore, type Receipt } from 'omnicascade'
import { scriptedProvider } from 'omnicascade/testing'
import { type EngineSetting, openEngine } from './engines.ts'
import { type Child, startChild } from './process.ts'
import { createRandom } from './random.ts'

/** What a storm is to be like. */
export interface StormOptions {
  readonly seed: number
  readonly engine: EngineSetting
  readonly file: string
  readonly notifications: number
}

/** What must be equal after it. */
export interface Weathered {
  readonly receipts: number
  /** The final records, without what the order of receipts may change. */
  readonly found: readonly Essence[]
  /** The same after each receipt came once, in order, to one process. */
  readonly wanted: readonly Essence[]
  /** What is parked of receipts whose message nobody knows: each of them once. */
  readonly parked: readonly Receipt[]
  readonly strangers: readonly Receipt[]
  readonly errors: readonly string[]
}

/** A record without what the order of receipts may change. */
interface Essence {
  readonly status: string | undefined
  readonly rest: object
}

const channels = ['sms', 'push'] as const
// What a vendor may say of one message; the last says of it what counts.
const stories: readonly (readonly Receipt['status'][])[] = [
  ['sent', 'delivered', 'read', 'clicked'],
  ['sent', 'delivered', 'read', 'delivered'],
  ['sent', 'expired', 'failed', 'failed'],
  ['sent', 'sent', 'expired', 'expired'],
  ['sent', 'failed', 'delivered', 'read'],
  ['failed', 'expired', 'sent', 'delivered'],
]
const strangers = 50
const perPost = 25
const atATime = 12

/** Sends notifications of two required steps, which no receipt can begin or stop, and lets the receipts come. */
export async function weather({ seed, engine, file, notifications }: StormOptions): Promise<Weathered> {
  const random = createRandom(seed, 0x5708)
  const clock = { start: Date.now(), factor: 1, leap: 0 }
  const context = { clock: { now: Date.now, setTimer: realTimer }, factor: 1, onError: () => {} }
  const own = await openEngine(engine, context)
  const errors: string[] = []
  const ids = Array.from({ length: notifications }, (_, index) => `n${index}`)
  const receipts = ids.flatMap((id) =>
    channels.flatMap((channel, step) => storyOf(channel, `${id}.${step}.0`, random.pick(stories))),
  )
  const unknown = Array.from({ length: strangers }, (_, index) => ({
    provider: 'sms',
    keys: [`stranger-${index}`],
    status: 'delivered' as const,
    at: index,
  }))

  await sendAll(own.store, ids)
  const setting = {
    seed,
    clock,
    engine,
    vendor: 'http://127.0.0.1:9',
    works: false,
    requests: [],
    atATime: 1,
    concurrency: 1,
    fate: null,
    fault: null,
  }
  const processes = [0, 1].map(() =>
    startChild(file, setting, (message) => void (message.type === 'error' && errors.push(message.message))),
  )
  await Promise.all(processes.map(({ up }) => up))
  const all = [...receipts, ...unknown]
  const thrice = random.shuffled([...all, ...all, ...all])
  const half = Math.ceil(thrice.length / 2)
  await Promise.all(processes.map((child, index) => pour(child, thrice.slice(index * half, (index + 1) * half), errors)))
  for (const child of processes) child.signal('SIGTERM')
  await Promise.all(processes.map(({ ended }) => ended))

  const calm = memoryStore({ keepSettled: Number.MAX_SAFE_INTEGER })
  const alone = await sendAll(calm, ids)
  await alone.ingest(receipts)
  const found = await Promise.all(ids.map(async (id) => essence(await own.store.get(id))))
  const wanted = await Promise.all(ids.map(async (id) => essence(await calm.get(id))))
  const keys = unknown.flatMap((receipt) => receipt.keys)
  const parked = await own.store.findParked('sms', keys, Date.now())
  await own.store.close?.()
  await own.close()
  return { receipts: receipts.length, found, wanted, parked, strangers: unknown, errors }
}

async function sendAll(store: NotificationStore, ids: readonly string[]) {
  const names = ids.values()
  const providers = channels.map((channel) => scriptedProvider({ channels: [channel], receipts: 'full' }))
  const createId = () => names.next().value ?? ''
  const notifier = createNotifier({ providers, store, scheduler: 'manual', createId })
  const requests = ids.map(() => ({
    to: { phone: '+420777123456', push: 'token' },
    content: { sms: { text: 'Hello' }, push: { text: 'Hello' } },
    cascade: channels.map((channel) => ({ channel, required: true, within: '30d' as const })),
  }))
  for await (const { error } of notifier.sendMany(requests)) if (error !== undefined) throw error
  await notifier.idle()
  return notifier
}

function storyOf(provider: string, key: string, statuses: readonly Receipt['status'][]): Receipt[] {
  return statuses.map((status, index) => ({ provider, keys: [key], status, at: index }))
}

async function pour(child: Child, receipts: readonly Receipt[], errors: string[]): Promise<void> {
  const posts = Array.from({ length: Math.ceil(receipts.length / perPost) }, (_, index) =>
    receipts.slice(index * perPost, (index + 1) * perPost),
  ).values()
  const work = async () => {
    for (const post of posts) if ((await child.ask('/receipts', post)) === undefined) errors.push('receipts were not taken')
  }
  await Promise.all(Array.from({ length: atATime }, work))
}

/** Without versions, times and the timeline: a receipt that says less than is known by then leaves no trace. */
function essence(record: NotificationRecord | undefined): Essence {
  const { id, to, message, outcome, settledAt, steps = [] } = record ?? {}
  return {
    status: outcome?.status,
    rest: {
      ...{ id, to, message, outcome, isSettled: settledAt !== null },
      steps: steps.map(({ dueAt, endedAt, attempts, ...step }) => ({
        ...step,
        attempts: attempts.map(({ startedAt, endedAt: _, ...attempt }) => attempt),
      })),
    },
  }
}

function realTimer(delay: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(delay, 2 ** 31 - 1))
  return () => clearTimeout(timer)
}
