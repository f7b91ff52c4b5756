// One contender: begins many notifications, none of which ends, and says what each takes of the heap.
import { createRequire } from 'node:module'
import { fallback, handleAll } from 'cockatiel'
import { type ChannelProvider, createNotifier } from 'omnicascade'
import { answer, taskOfChild } from '../kit/child.ts'

/** Who sends. */
export type Name = keyof typeof starters

/** What one process is to do. */
export interface Task {
  readonly name: Name
  readonly count: number
}

/** Bytes for each, and timers for all. */
export interface Found {
  readonly bytes: number
  readonly timers: number
}

/** Begins a notification, the `index`th, and resolves once it is under way. */
type Begin = (index: number) => Promise<unknown>

const text = 'Hi Ada, your order 17 is on its way'
const phoneOf = (index: number) => `+4207${String(index).padStart(8, '0')}`

// Held here, so that nothing of what is under way can be collected.
const unanswered: (() => void)[] = []
const waiting: Promise<unknown>[] = []
const call = () => new Promise<void>((resolve) => unanswered.push(resolve))

/** Of what ends with its call, nothing more can be awaited than that it has begun. */
function begun(send: (index: number) => Promise<unknown>): Begin {
  return async (index) => waiting.push(send(index))
}

const starters = {
  'by-hand': (): Begin => {
    const send = async (to: string) => {
      try {
        await call()
      } catch {
        await call()
      }
      return to
    }
    return begun((index) => send(phoneOf(index)))
  },

  ours: () => ours(() => ({})),
  'ours-keyed': () => ours((index) => ({ idempotencyKey: `order-${index}` })),

  cockatiel: (): Begin => {
    const policy = fallback(handleAll, call)
    return begun((index) => policy.execute(() => call().then(() => phoneOf(index))))
  },

  notifme: (): Begin => {
    const { default: NotifmeSdk } = createRequire(import.meta.url)('notifme-sdk') as {
      default: new (options: object) => { send(request: object): Promise<unknown> }
    }
    const providers = ['p0', 'p1'].map((id) => ({ type: 'custom', id, send: call }))
    const sdk = new NotifmeSdk({ channels: { sms: { providers, multiProviderStrategy: 'fallback' } } })
    return begun((index) => sdk.send({ sms: { from: '+15550100', to: phoneOf(index), text } }))
  },
} as const

/** A notification whose first step was accepted and waits for its receipt, with another one behind it. */
function ours(keyOf: (index: number) => { idempotencyKey?: string }): Begin {
  let messages = 0
  const provider: ChannelProvider<'telegram' | 'sms'> = {
    name: 'vendor',
    channels: ['telegram', 'sms'],
    receipts: 'full',
    send: async () => ({ messageId: `message-${messages++}` }),
  }
  const notifier = createNotifier({ providers: [provider] })
  const content = { telegram: { text }, sms: { text } }
  return (index) => {
    const to = { telegram: index + 1, phone: phoneOf(index) }
    return notifier.send({ to, content, cascade: ['telegram', 'sms'], ...keyOf(index) })
  }
}

async function beginAll(begin: Begin, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) await begin(index)
  await new Promise((resolve) => setTimeout(resolve, 100))
}

async function find({ name, count }: Task): Promise<Found> {
  const begin = starters[name]()
  const warmUp = Math.min(count, 2000)
  await beginAll(begin, 0, warmUp)
  const before = heapUsed()
  await beginAll(begin, warmUp, warmUp + count)
  const bytes = (heapUsed() - before) / count
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  return { bytes, timers }
}

function heapUsed(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const task = taskOfChild<Task>()
if (task !== undefined) answer(await find(task))
