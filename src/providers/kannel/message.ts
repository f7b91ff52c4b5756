import { SendError } from '../../contract/errors.ts'
import type { SendRequest } from '../../contract/provider.ts'
import { countSegments } from '../../text/sms.ts'

/** What a message is sent with, beside its request. */
export interface Envelope {
  readonly digits: string
  readonly sender: string | undefined
  readonly dlrUrl: string | undefined
  readonly smsc: string | undefined
}

/** Whether a value can stand in a header field as it is. */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)
}

// Delivered, not delivered, taken by the SMSC, refused by the SMSC: all but "queued".
const mask = 1 + 2 + 8 + 16
const ucs2 = 2
const gsm7 = 0

/** The header fields of a message for smsbox (user's guide, X-Kannel headers), but for the log-in. The app's own stand under ours. */
export function headersOf(request: SendRequest<'sms'>, { digits, sender, dlrUrl, smsc }: Envelope): Record<string, string> {
  const { content, within, idempotencyKey } = request
  const from = content.sender ?? sender
  if (from !== undefined && !isHeaderValue(from)) {
    throw new SendError('content', 'Kannel takes a sender of one line of ASCII', { field: 'sender' })
  }
  return {
    ...(smsc !== undefined && { 'x-kannel-smsc': smsc }),
    ...ownHeaders(content),
    'content-type': 'text/plain; charset=UTF-8',
    'x-kannel-to': `+${digits}`,
    ...(from !== undefined && { 'x-kannel-from': from }),
    'x-kannel-coding': String(countSegments(content.text).encoding === 'ucs-2' ? ucs2 : gsm7),
    'x-kannel-validity': String(Math.max(1, Math.floor(within / 60_000))),
    ...(dlrUrl !== undefined && { 'x-kannel-dlr-mask': String(mask), 'x-kannel-dlr-url': callbackOf(dlrUrl, idempotencyKey) }),
  }
}

const ownFields = [
  'smsc',
  'mclass',
  'mwi',
  'compress',
  'deferred',
  'pid',
  'alt-dcs',
  'rpi',
  'account',
  'binfo',
  'priority',
  'meta-data',
]

function ownHeaders({ vendor }: SendRequest<'sms'>['content']): Record<string, string> {
  const own = Object.entries(vendor?.kannel ?? {})
  for (const [name, value] of own) {
    if (!ownFields.includes(name) || !isHeaderValue(String(value)) || typeof value === 'object') {
      throw new SendError('content', `content.vendor.kannel takes ${ownFields.join(', ')}, in one line of ASCII`, {
        field: `vendor.kannel.${name}`,
      })
    }
  }
  return Object.fromEntries(own.map(([name, value]) => [`x-kannel-${name}`, String(value)]))
}

/** Kannel puts values in the place of `%d` (what became of it), `%T` (when: Unix seconds) and `%A` (the SMSC's words); `%%` is a percent sign. */
function callbackOf(dlrUrl: string, key: string): string {
  const url = new URL(dlrUrl)
  url.searchParams.set('key', key)
  return `${url.href.replaceAll('%', '%%')}&dlr=%d&at=%T&answer=%A`
}
