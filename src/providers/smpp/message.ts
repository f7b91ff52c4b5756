import type { SmsContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import { hash } from '../../contract/hash.ts'
import { countSegments, splitSegments } from '../../text/sms.ts'
import { library } from './library.ts'

/** An address with its type of number and numbering plan (SMPP 3.4, 5.2.5 and 5.2.6). */
export interface SmppAddress {
  readonly address: string
  readonly ton: number
  readonly npi: number
}

/** The fields of a `submit_sm`. */
export type SubmitFields = Readonly<Record<string, unknown>>

const international = { ton: 1, npi: 1 }
const alphanumeric = { ton: 5, npi: 0 }
const unknown = { ton: 0, npi: 0 }

/** A sender: a number with its `+`, a short number in digits, or a name of up to 11 characters; undefined if it is none of these. */
export function senderOf(sender: unknown): SmppAddress | undefined {
  if (typeof sender !== 'string') return undefined
  if (/^\+\d{6,15}$/.test(sender)) return { ...international, address: sender.slice(1) }
  if (/^\d{1,20}$/.test(sender)) return { ...unknown, address: sender }
  return /^[\x20-\x7e]{1,11}$/.test(sender) ? { ...alphanumeric, address: sender } : undefined
}

const mostParts = 255
const failuresOnly = 2
const both = 1
const headerFollows = 0x40

/** A message to be cut into `submit_sm`. `within` is in milliseconds. */
export interface Message {
  readonly digits: string
  readonly content: SmsContent
  readonly sender: SmppAddress
  readonly within: number
  readonly idempotencyKey: string
}

/**
 * The `submit_sm` of each part of a message: in GSM 03.38 (one septet to an octet), or where the text needs it in UCS-2, with a header that joins
 * the parts (3GPP TS 23.040, 9.2.3.24.1). The last part asks for each receipt and the others for failures, so that one receipt says delivered.
 */
export function partsOf({ digits, content, sender, within, idempotencyKey }: Message): readonly SubmitFields[] {
  const { text } = content
  if (text === '') throw new SendError('content', 'the text is empty', { field: 'text' })
  const texts = splitSegments(text)
  if (texts.length > mostParts) {
    throw new SendError('content', `the text takes ${texts.length} parts, and an SMS has at most ${mostParts}`, { field: 'text' })
  }
  const isGsm = countSegments(text).encoding === 'gsm-7'
  // The same when an attempt is repeated, so that a handset joins no part twice.
  const reference = Number.parseInt(hash(idempotencyKey), 36) % 256
  const common = {
    ...vendorFieldsOf(content),
    source_addr_ton: sender.ton,
    source_addr_npi: sender.npi,
    source_addr: sender.address,
    dest_addr_ton: international.ton,
    dest_addr_npi: international.npi,
    destination_addr: digits,
    validity_period: periodOf(within),
    data_coding: isGsm ? 0 : 8,
  }
  return texts.map((part, at) => {
    const body = isGsm ? library.encodings.ASCII.encode(part) : Buffer.from(part, 'utf16le').swap16()
    const header = texts.length === 1 ? [] : [5, 0, 3, reference, texts.length, at + 1]
    return {
      ...common,
      esm_class: header.length === 0 ? 0 : headerFollows,
      registered_delivery: at === texts.length - 1 ? both : failuresOnly,
      short_message: Buffer.concat([Uint8Array.from(header), body]),
    }
  })
}

const ownFields = ['service_type', 'protocol_id', 'priority_flag', 'schedule_delivery_time', 'replace_if_present_flag']

/** The app's own fields and TLVs; those which `smpp` does not know would be left out by it without a word. */
function vendorFieldsOf({ vendor }: SmsContent): SubmitFields {
  const own = vendor?.smpp ?? {}
  for (const [name, value] of Object.entries(own)) {
    const isKnown = ownFields.includes(name) || Object.hasOwn(library.tlvs, name)
    if (name === 'message_payload' || !isKnown || (typeof value !== 'string' && typeof value !== 'number')) {
      throw new SendError('content', `content.vendor.smpp takes ${ownFields.join(', ')} and TLVs that smpp knows`, {
        field: `vendor.smpp.${name}`,
      })
    }
  }
  return own
}

const longestPeriod = 30 * 24 * 60 * 60

/** A relative time (SMPP 3.4, 7.1.1), in whole seconds of at most 30 days. */
function periodOf(within: number): string {
  const seconds = Math.max(1, Math.min(longestPeriod, Math.floor(within / 1000)))
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  return `0000${parts.map((part) => String(part).padStart(2, '0')).join('')}000R`
}
