import type { Channel } from '../contract/channel.ts'
import { SendError, type SendErrorOptions } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { CancelRequest, ChannelProvider, SendRequest, SendResult } from '../contract/provider.ts'

/** What a scripted provider does with one call. */
export type Reply = (request: SendRequest, signal: AbortSignal) => Promise<SendResult>

/** A provider that does as it is told, and remembers what it was asked. */
export interface ScriptedProvider<C extends Channel> extends ChannelProvider<C> {
  /** Every call, in order. */
  readonly calls: readonly SendRequest[]
  readonly cancels: readonly CancelRequest[]
  /** Adds replies; when there are none left, calls are accepted. */
  reply(...replies: readonly Reply[]): void
}

/** Options of a scripted provider: those of any provider, and what it replies. */
export interface ScriptedProviderOptions<C extends Channel>
  extends Partial<Omit<ChannelProvider<C>, 'send' | 'cancel' | 'channels'>> {
  readonly channels: readonly C[]
  readonly replies?: readonly Reply[]
  /** What `cancel` answers; without it the provider cannot cancel. */
  readonly cancels?: boolean
}

/** The vendor takes the message, as `messageId` (by default the call's idempotency key). */
export function accept(result: SendResult = {}): Reply {
  return async (request) => ({ messageId: request.idempotencyKey, ...result })
}

/** The call fails with a `SendError` of this kind. */
export function fail(kind: FailureKind, message: string = kind, options?: SendErrorOptions): Reply {
  return async () => {
    throw new SendError(kind, message, options)
  }
}

/** The call never ends by itself; it ends when it is cut. */
export function hang(): Reply {
  return () => new Promise(() => {})
}

/** The call ends when `release` is called with what it should do. */
export function gate(): { readonly reply: Reply; release(reply?: Reply): void } {
  let open: (reply: Reply) => void
  const opened = new Promise<Reply>((resolve) => {
    open = resolve
  })
  return { reply: async (request, signal) => (await opened)(request, signal), release: (reply = accept()) => open(reply) }
}

/** A provider for tests. */
export function scriptedProvider<const C extends Channel>({
  replies = [],
  cancels,
  ...options
}: ScriptedProviderOptions<C>): ScriptedProvider<C> {
  const script = [...replies]
  const calls: SendRequest[] = []
  const cancelled: CancelRequest[] = []
  return {
    name: options.channels[0]!,
    receipts: 'full',
    ...options,
    calls,
    cancels: cancelled,
    reply: (...more) => {
      script.push(...more)
    },
    send(request, { signal }) {
      calls.push(request)
      return (script.shift() ?? accept())(request, signal)
    },
    ...(cancels !== undefined && {
      async cancel(request: CancelRequest) {
        cancelled.push(request)
        return cancels
      },
    }),
  }
}
