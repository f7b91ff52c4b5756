import { receiptsOf } from '../cascade/address.ts'
import { type Channel, channels } from '../contract/channel.ts'
import type { CallContext, CancelRequest, ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { Clock } from '../contract/time.ts'
import { keysFrom } from '../notifier/call.ts'
import { failureOf } from '../notifier/classify.ts'
import type { SentMessage } from './outbox.ts'
import type { ScriptedCall, ScriptedReceipt } from './script.ts'
import { accept } from './scripted-provider.ts'
import { turn } from './virtual-clock.ts'

/** What doubles of providers work with. */
export interface Stage {
  readonly clock: Clock
  /** What a call comes to; undefined where nothing was said of it. */
  scripted(provider: string, request: SendRequest): ScriptedCall | undefined
  /** Where messages are kept that were taken. */
  readonly sent: SentMessage[]
  /** Brings a receipt to the notifier. */
  report(receipt: Receipt): Promise<unknown>
  /** A message was called back. */
  recalled?(idempotencyKey: string): void
  /** Work that is done before time goes on. */
  track(work: Promise<unknown>): void
}

/** A message, as its vendor knows it. */
interface Posted {
  readonly idempotencyKey: string
  keys: readonly string[]
  isRecalled: boolean
  isDelivered: boolean
}

const undelivered: readonly string[] = ['sent', 'failed', 'expired']

/** A provider for each channel, named after it, that reports deliveries and whose receipts find their message in any case. */
export function providerOfEachChannel(): readonly ChannelProvider[] {
  return channels.map((channel) => ({
    name: channel,
    channels: [channel],
    receipts: 'full',
    keys: ({ idempotencyKey }) => [idempotencyKey],
    send: (request, { signal }) => accept()(request, signal),
  }))
}

/**
 * Declares what `provider` does, and calls nobody: the stage says what its calls come to. Where it can call messages back, that works until they
 * are delivered.
 */
export function doubleOf(provider: ChannelProvider, { clock, scripted, sent, report, recalled, track }: Stage): ChannelProvider {
  const posts = new Map<string, Posted>()
  const pause = (delay: number) => new Promise<void>((resolve) => clock.setTimer(delay, resolve))

  function know(post: Posted, keys: readonly string[]): void {
    post.keys = [...new Set([...keys, ...post.keys])]
    for (const key of post.keys) posts.set(key, post)
  }

  async function tell(post: Posted, { after: _, ...said }: ScriptedReceipt): Promise<void> {
    if (post.isRecalled) return
    post.isDelivered ||= !undelivered.includes(said.status)
    await report({ provider: provider.name, keys: post.keys, at: clock.now(), ...said })
  }

  async function send(request: SendRequest, { signal }: CallContext): Promise<SendResult> {
    const { channel, to, content, notificationId, idempotencyKey } = request
    const call = scripted(provider.name, request) ?? byDefault(provider, channel)
    const message = {
      channel,
      provider: provider.name,
      to,
      content,
      notificationId,
      idempotencyKey,
      at: clock.now(),
    } as SentMessage
    const post: Posted = { idempotencyKey, keys: [], isRecalled: false, isDelivered: false }
    know(post, keysFrom(provider.keys?.(request)))
    sent.push(message)
    const answer = async () => {
      const result = await call.reply(request, signal)
      know(post, [...keysFrom([result?.messageId]), ...keysFrom(result?.keys)])
      return result
    }
    const answered = answer()
    // The vendor knows its own id of a message before it answers: receipts may be quicker.
    const known = Promise.race([answered.catch(() => {}), turn()])
    for (const receipt of call.receipts) {
      if (receipt.after === 0) track(known.then(() => tell(post, receipt)))
      else clock.setTimer(receipt.after, () => track(tell(post, receipt)))
    }
    try {
      return await answered
    } catch (error) {
      // It may be gone already, for an outbox can be cleared.
      if (failureOf(provider.name, error).kind !== 'unknown' && sent.includes(message)) sent.splice(sent.indexOf(message), 1)
      throw error
    } finally {
      if (call.after > 0) await pause(call.after)
    }
  }

  async function cancel({ messageId, keys }: CancelRequest): Promise<boolean> {
    const post = [messageId, ...keys].flatMap((key) => posts.get(key ?? '') ?? [])[0]
    if (post === undefined || post.isDelivered) return false
    post.isRecalled = true
    recalled?.(post.idempotencyKey)
    return true
  }

  const double = { send, poll: undefined, close: undefined, cancel: provider.cancel && cancel }
  return Object.assign(Object.create(provider) as ChannelProvider, double)
}

/** Vendors are at their best where a test says nothing: they take the message, and report it delivered where they report deliveries. */
function byDefault(provider: ChannelProvider, channel: Channel): ScriptedCall {
  const receipts: readonly ScriptedReceipt[] = receiptsOf(provider, channel) === 'full' ? [{ status: 'delivered', after: 0 }] : []
  return { reply: accept(), after: 0, receipts }
}
