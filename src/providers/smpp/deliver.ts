import type { Receipt, ReceiptStatus } from '../../contract/receipt.ts'
import type { Suppression } from '../../contract/suppression.ts'
import type { CommandIn } from '../../wire/commands.ts'
import { e164Of } from '../../wire/phone.ts'
import { library, type Pdu } from './library.ts'

/** What an SMSC delivers. `raw` is its own word or number for the state, `at` when it came (Unix milliseconds): receipts have no time zone. */
export type SmppEvent =
  | {
      readonly event: 'receipt'
      /** As `submit_sm_resp` gave it. */
      readonly id: string
      readonly status: 'pending' | ReceiptStatus
      readonly raw: string
      readonly error?: string
      readonly at: number
    }
  | {
      readonly event: 'message'
      /** E.164 with its `+`. */
      readonly from: string
      readonly to: string
      readonly text: string
      /** The text is one of the words that opt out, or in again. */
      readonly command?: 'stop' | 'start'
      readonly at: number
    }
  | { readonly event: 'unknown'; readonly raw: unknown }

/** How an SMSC writes ids, where its receipts do not write them as its answers do. */
export interface SmppIds {
  readonly answers: 'decimal' | 'hex'
  readonly receipts: 'decimal' | 'hex'
}

/** An id as a decimal number without leading zeros; as it came where ids are not told to be numbers, or it is none. */
export function idOf(id: string, base: 'decimal' | 'hex' | undefined): string {
  if (base === 'hex' && /^[\da-f]+$/i.test(id)) return BigInt(`0x${id}`).toString()
  return base === 'decimal' && /^\d+$/.test(id) ? BigInt(id).toString() : id
}

/** How `deliver_sm` are read. */
export interface Reading {
  readonly ids: SmppIds | undefined
  readonly commandIn: CommandIn
  readonly now: number
}

const kindOfMessage = 0x3c
const receiptKinds = [0x04, 0x20]

/** Reads a `deliver_sm`. */
export function eventOf(pdu: Pdu, { ids, commandIn, now: at }: Reading): SmppEvent {
  const kind = Number(pdu.esm_class) & kindOfMessage
  const text = textOf(pdu)
  if (receiptKinds.includes(kind) || typeof pdu.receipted_message_id === 'string') {
    return receiptEvent(pdu, text, ids, at) ?? { event: 'unknown', raw: { ...pdu } }
  }
  if (kind !== 0 || text === undefined) return { event: 'unknown', raw: { ...pdu } }
  const command = commandIn(text)
  return {
    event: 'message',
    from: e164Of(String(pdu.source_addr)),
    to: String(pdu.destination_addr),
    text,
    ...(command && { command }),
    at,
  }
}

/** `smpp` has decoded the text, unless it does not know its coding. A long one comes as a TLV. */
function textOf(pdu: Pdu): string | undefined {
  const texts = [pdu.short_message, pdu.message_payload].map((given) => (given as { message?: unknown } | undefined)?.message)
  return texts.find((text) => typeof text === 'string' && text !== '') as string | undefined
}

function receiptEvent(pdu: Pdu, decoded: string | undefined, ids: SmppIds | undefined, at: number): SmppEvent | undefined {
  const text = decoded === undefined ? '' : asciiOf(decoded, Number(pdu.data_coding))
  const field = (name: string) => new RegExp(`(?:^|\\s)${name}:\\s*(\\S+)`, 'i').exec(text)?.[1]
  const { receipted_message_id: told, message_state: state, network_error_code: network } = pdu
  const id = typeof told === 'string' && told !== '' ? told : field('id')
  const raw = typeof state === 'number' ? String(state) : field('stat')
  if (id === undefined || raw === undefined) return undefined
  const error = field('err') ?? (network instanceof Uint8Array ? Buffer.from(network).toString('hex') : undefined)
  const reason = error !== undefined && !/^0*$/.test(error) ? { error } : {}
  return { event: 'receipt', id: idOf(id, ids?.receipts), status: statusOf(raw), raw, ...reason, at }
}

/** A receipt is in ASCII, whose `_`, `@` and `$` are other letters in the GSM 03.38 that `smpp` has read it as. */
function asciiOf(text: string, coding: number): string {
  return (coding & 0x0f) <= 1 ? library.encodings.ASCII.encode(text).toString('latin1') : text
}

/** A state as a number (`message_state`; SMPP 3.4, 5.2.28) or a word (appendix B). */
function statusOf(raw: string): 'pending' | ReceiptStatus {
  switch (raw.toUpperCase()) {
    case '1':
    case 'ENROUTE':
    case '6':
    case 'ACCEPTD':
      return 'sent'
    case '2':
    case 'DELIVRD':
      return 'delivered'
    case '3':
    case 'EXPIRED':
      return 'expired'
    case '4':
    case 'DELETED':
    case '5':
    case 'UNDELIV':
    case '8':
    case 'REJECTD':
    case '9':
    case 'SKIPPED':
      return 'failed'
    default:
      return 'pending'
  }
}

/** What an event says about an attempt. Any part's failure is the message's; how far it has come is the part's alone whose id the message has. */
export function receiptOf(provider: string, event: SmppEvent): Receipt | undefined {
  if (event.event !== 'receipt' || event.status === 'pending') return undefined
  const { id, status, raw, error, at } = event
  const shared = { provider, keys: [id], status, at, raw }
  if (status !== 'failed' && status !== 'expired') return { ...shared, messageId: id }
  return { ...shared, ...(error !== undefined && { reason: `err ${error}` }) }
}

/** What an event says about a number. */
export function suppressionOf(provider: string, event: SmppEvent): Suppression | undefined {
  if (event.event !== 'message' || event.command === undefined) return undefined
  const state = event.command === 'stop' ? 'suppressed' : 'restored'
  return { state, provider, channel: 'sms', address: event.from, reason: 'opted-out', at: event.at, raw: event.text.trim() }
}
