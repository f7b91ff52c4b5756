import type { ConnectionOptions } from 'node:tls'
import { millisecondsOf } from '../contract/duration.ts'
import { SendError } from '../contract/errors.ts'
import type { Awaitable } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits } from '../contract/provider.ts'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { Clock, Duration } from '../contract/time.ts'
import { systemClock } from '../wire/clock.ts'
import { type CommandWords, commandReader, commandRules } from '../wire/commands.ts'
import { checkNames, checkOptions, clockRule, isText } from '../wire/options.ts'
import { digitsOf } from '../wire/phone.ts'
import { eventOf, idOf, receiptOf, type SmppEvent, type SmppIds, suppressionOf } from './smpp/deliver.ts'
import type { Pdu } from './smpp/library.ts'
import { keepLink } from './smpp/link.ts'
import { partsOf, type SmppAddress, senderOf } from './smpp/message.ts'
import { openSession } from './smpp/session.ts'
import { refusalOf, type StatusKinds } from './smpp/statuses.ts'

export type { SmppAddress, SmppEvent, SmppIds }

/** Options of `smpp`. */
export interface SmppOptions extends CommandWords {
  /** `smpp://host:2775`, or `ssmpp://host:3550` for TLS. */
  readonly url: string
  readonly systemId: string
  readonly password: string
  readonly systemType?: string
  /** Where the content names none: a number with its `+`, a short number, a name of up to 11 characters, or an address with its types. */
  readonly sender: string | SmppAddress
  /** Options of Node's TLS, such as `ca`, `cert` and `key`. */
  readonly tls?: ConnectionOptions
  /** How many messages may be without an answer at a time. Default 10. */
  readonly window?: number
  /** How often the SMSC is asked whether it is still there. Default 30 s. */
  readonly enquireEvery?: Duration
  /** How long a connection, and each answer, may take. Default 30 s. */
  readonly answerWithin?: Duration
  /** Where receipts write ids otherwise than the SMSC's answers do. Both then become decimal numbers. */
  readonly ids?: SmppIds
  /** Kinds for the SMSC's own `command_status` codes, by number. */
  readonly statuses?: StatusKinds
  readonly name?: string
  /** Default as many calls at a time as `window`. */
  readonly limits?: ProviderLimits
  readonly clock?: Clock
}

/** What else to do with what the SMSC delivers. */
export interface SmppReceiving {
  /** Awaited before the SMSC is answered; if it throws, the SMSC delivers again. */
  readonly onEvent?: (event: SmppEvent) => Awaitable<unknown>
  /** Told why a delivery was put off. Left out, it is printed with `console.error`. */
  readonly onError?: (error: unknown) => void
}

/** A provider that is also told by its SMSC what became of messages. */
export interface SmppProvider extends ChannelProvider<'sms'> {
  /** Connects, and passes receipts and opt-outs on: call it once, with the notifier. What comes before is put off. */
  receiveInto(sink: ReceiptSink, receiving?: SmppReceiving): void
}

const names = [
  ...['url', 'systemId', 'password', 'systemType', 'sender', 'tls', 'window', 'enquireEvery', 'answerWithin', 'ids', 'statuses'],
  ...['stopWords', 'startWords', 'name', 'limits', 'clock'],
]
const ok = 0
const tryAgain = 0x64

/**
 * Sends SMS to an SMSC over SMPP 3.4, with one connection that is bound as a transceiver (`smpp` 0.5, a peer dependency). The message id is the
 * last part's, and the keys are the ids of the parts. `content.vendor.smpp` takes fields of `submit_sm` and TLVs, by the names that `smpp` has.
 */
export function smpp(options: SmppOptions): SmppProvider {
  checkSmppOptions(options)
  const { name = 'smpp', window = 10, clock = systemClock, ids, statuses, limits = { concurrency: window } } = options
  const commandIn = commandReader(options)
  const { protocol, hostname, port } = new URL(options.url)
  const isTls = protocol === 'ssmpp:'
  let receiver: { readonly sink: ReceiptSink; readonly receiving: SmppReceiving } | undefined

  const session = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 3550 : 2775) : Number(port),
    tls: isTls ? (options.tls ?? {}) : undefined,
    systemId: options.systemId,
    password: options.password,
    systemType: options.systemType ?? '',
    clock,
    answerWithin: millisecondsOf(options.answerWithin ?? '30s')!,
    deliver,
  }
  const enquireEvery = millisecondsOf(options.enquireEvery ?? '30s')!
  const link = keepLink((signal) => openSession(session, signal), { clock, window, enquireEvery })

  async function deliver(pdu: Pdu): Promise<number> {
    if (receiver === undefined) return tryAgain
    const { sink, receiving } = receiver
    try {
      const event = eventOf(pdu, { ids, commandIn, now: clock.now() })
      const receipt = receiptOf(name, event)
      const suppression = suppressionOf(name, event)
      if (receipt) await sink.ingest([receipt])
      if (suppression) await sink.suppress?.([suppression])
      await receiving.onEvent?.(event)
      return ok
    } catch (error) {
      report(error, receiving.onError ?? printed)
      return tryAgain
    }
  }

  function printed(error: unknown): void {
    console.error(`${name}: a delivery was put off`, error)
  }

  /** The app's own code runs in `onError`: whatever it throws must not keep the SMSC waiting. */
  function report(error: unknown, tell: (error: unknown) => void): void {
    try {
      tell(error)
    } catch (failure) {
      printed(failure)
    }
  }

  return {
    name,
    channels: ['sms'],
    receipts: 'full',
    limits,
    async send(request, { signal }) {
      const { content, within, idempotencyKey } = request
      const digits = digitsOf('SMPP', request.to)
      const sender = content.sender === undefined ? addressOf(options.sender) : senderOf(content.sender)
      if (sender === undefined) throw new SendError('content', senderForm, { field: 'sender' })
      const keys: string[] = []
      for (const part of partsOf({ digits, content, sender, within, idempotencyKey })) {
        const answer = await link.submit(part, signal).catch((error: unknown) => {
          throw keys.length > 0 ? partlySent(error) : error
        })
        const { command, command_status: status, message_id: id } = answer
        if (status !== ok) {
          const refusal = refusalOf('message', status, statuses)
          throw keys.length > 0 ? partlySent(refusal) : refusal
        }
        if (command !== 'submit_sm_resp' || typeof id !== 'string' || id === '') {
          throw new SendError('unknown', 'the SMSC took the message and gave no message_id')
        }
        keys.push(idOf(id, ids?.answers))
      }
      return { messageId: keys.at(-1)!, ...(keys.length > 1 && { keys }) }
    },
    receiveInto(sink, receiving = {}) {
      receiver = { sink, receiving }
      link.start()
    },
    close: () => link.close(),
  }
}

/** Tried again, a message of which the SMSC has some parts would go out with these twice. */
function partlySent(error: unknown): unknown {
  if (!(error instanceof SendError) || error.kind !== 'transient') return error
  return new SendError('unknown', `the SMSC has a part of the message: ${error.message}`, { code: error.vendorCode })
}

const senderForm = 'a sender is a number with its +, a short number, or a name of up to 11 ASCII characters'

function addressOf(sender: string | SmppAddress | undefined): SmppAddress | undefined {
  if (typeof sender !== 'object' || sender === null) return senderOf(sender)
  const { address, ton, npi } = sender
  const isByte = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256
  return isText(address, /^[\x20-\x7e]{1,20}$/) && isByte(ton) && isByte(npi) ? sender : undefined
}

function checkSmppOptions(options: SmppOptions): void {
  checkNames('smpp', options, names)
  const { url, systemId, password, systemType = '', sender, tls = {}, window = 10, ids }: Partial<SmppOptions> = options ?? {}
  const { enquireEvery = 1, answerWithin = 1, clock = systemClock } = options ?? {}
  const bases: readonly unknown[] = ['decimal', 'hex']
  const isUrl = isText(url, /^ss?mpp:\/\/[^/@]+\/?$/) && URL.canParse(url)
  checkOptions('smpp', [
    ['url', url, isUrl, 'be an smpp:// or ssmpp:// URL with a host, and neither user nor path'],
    ['systemId', systemId, isText(systemId, /^[\x20-\x7e]+$/), 'be the system id, in ASCII'],
    ['password', password, isText(password, /^[\x20-\x7e]+$/), 'be the password, in ASCII'],
    ['systemType', systemType, isText(systemType, /^[\x20-\x7e]*$/), 'be ASCII'],
    ['sender', sender, addressOf(sender) !== undefined, `be one: ${senderForm}, or { address, ton, npi }`],
    ['tls', tls, typeof tls === 'object' && tls !== null, "be options of Node's tls.connect"],
    ['window', window, Number.isInteger(window) && window > 0, 'be a whole number, at least 1'],
    ['enquireEvery', enquireEvery, (millisecondsOf(enquireEvery) ?? 0) > 0, 'be a duration, such as 30s'],
    ['answerWithin', answerWithin, (millisecondsOf(answerWithin) ?? 0) > 0, 'be a duration, such as 30s'],
    [
      'ids',
      ids,
      ids === undefined || (bases.includes(ids?.answers) && bases.includes(ids?.receipts)),
      'name decimal or hex twice',
    ],
    ...commandRules(options ?? {}),
    clockRule(clock),
  ])
}
