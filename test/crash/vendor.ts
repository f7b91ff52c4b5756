// The vendor: real HTTP on loopback, in the process that outlives all crashes. It records every request, and does as the script says.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Receipt } from 'omnicascade'
import { createOutbox, type Outbox } from './outbox.ts'
import { createRandom } from './random.ts'
import type { CrashChannel, Plan, StepPlan } from './script.ts'

/** What the vendor keeps of a request. */
export interface Seen {
  readonly number: number
  readonly id: string
  readonly step: number
  readonly channel: CrashChannel
  readonly key: string
  /** `taken`: it became a message. `repeated`: the vendor honours keys and had it already. `refused`: said so. `dropped`: lost, without a word. */
  readonly verdict: 'taken' | 'repeated' | 'refused' | 'dropped'
}

/** A vendor under way. */
export interface Vendor {
  readonly url: string
  readonly seen: readonly Seen[]
  readonly outbox: Outbox
  close(): Promise<void>
}

/** What the vendor has just seen. */
export type Moment = 'vendor.taken' | 'vendor.answered' | 'receipt.answered'

/** What a vendor needs to know. */
export interface VendorOptions {
  readonly seed: number
  readonly plan: (number: number) => Plan
  /** Where receipts are posted to at the moment; undefined while nobody listens. */
  readonly webhook: () => string | undefined
  /** The time by the run's clock. */
  readonly now: () => number
  /** Told of each request before it is answered, and again once it is, and of each receipt that was taken: moments to kill whoever is there. */
  readonly onMoment: (moment: Moment, pid?: number) => void
}

interface Sent {
  /** Who asks. */
  readonly pid: number
  readonly number: number
  readonly id: string
  readonly key: string
}

const slowness = 25
const refusals: Readonly<Partial<Record<string, number>>> = { recipient: 410, content: 422, account: 401, left: 503 }

/** Opens the vendor on a free port. */
export async function openVendor({ seed, plan, webhook, now, onMoment }: VendorOptions): Promise<Vendor> {
  const seen: Seen[] = []
  const counts = new Map<string, number>()
  const messages = new Map<string, string>()
  const random = createRandom(seed, 0x7e4d)
  const outbox = createOutbox({ webhook, random, onTaken: () => onMoment('receipt.answered') })

  /** The receipts that follow a message: some twice, in any order. */
  function receiptsOf({ kind, behaviour }: StepPlan, provider: string, keys: readonly string[]): Receipt[] {
    const of = (status: Receipt['status']): Receipt => ({ provider, keys, status, at: now() })
    const said: Receipt['status'][] =
      kind === 'none' || behaviour === 'mute'
        ? []
        : behaviour === 'bad'
          ? ['sent', 'failed']
          : behaviour === 'torn'
            ? ['sent', 'failed', 'delivered']
            : kind === 'failures'
              ? ['sent']
              : ['sent', 'delivered']
    return random.shuffled(said.flatMap((status) => (random.chance(0.3) ? [of(status), of(status)] : [of(status)])))
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = request.url?.slice('/send/'.length) as CrashChannel
    const { number, id, key, pid } = JSON.parse(await textOf(request)) as Sent
    const index = plan(number).steps.findIndex((step) => step.channel === channel)
    const step = plan(number).steps[index]
    if (step === undefined) throw new Error(`notification ${number} has no step on ${channel}`)
    const place = `${id}.${index}`
    const count = (counts.get(place) ?? 0) + 1
    counts.set(place, count)
    const note = (verdict: Seen['verdict']) => {
      seen.push({ number, id, step: index, channel, key, verdict })
      onMoment('vendor.taken', pid)
    }
    const answer = (status: number, body: object, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
      onMoment('vendor.answered')
    }

    const refusal = step.behaviour === 'busy' && count === 1 ? 503 : refusals[step.behaviour]
    if (refusal !== undefined) {
      note('refused')
      return answer(refusal, {}, step.behaviour === 'left' ? { 'retry-after': '3600' } : {})
    }
    if (step.behaviour === 'lost-request' && count === 1) {
      note('dropped')
      request.socket.destroy()
      return
    }
    const known = step.kind === 'safe' ? messages.get(key) : undefined
    if (known !== undefined) {
      note('repeated')
      return answer(200, { messageId: known })
    }
    const messageId = `${channel}-${messages.size}`
    messages.set(step.kind === 'safe' ? key : messageId, messageId)
    const receipts = receiptsOf(step, channel, [step.kind === 'plain' ? messageId : key])
    const early = step.behaviour === 'early' ? outbox.post(receipts) : undefined
    if (step.behaviour === 'late') outbox.hold(receipts)
    else if (early === undefined) void outbox.post(receipts)
    note('taken')
    if (step.behaviour === 'slow') await new Promise((resolve) => setTimeout(resolve, slowness))
    await early
    if (step.behaviour === 'lost-answer' && count === 1) request.socket.destroy()
    else if (step.behaviour !== 'hung' || count > 1) answer(200, { messageId })
  }

  const server = createServer((request, response) => {
    response.on('error', () => {})
    take(request, response).catch(() => request.socket.destroy())
  })
  // A connection that is closed while it is idle looks to its user like a lost answer.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    outbox,
    async close() {
      outbox.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
