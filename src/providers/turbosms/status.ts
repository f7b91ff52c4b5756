import type { JsonValue } from '../../contract/json.ts'
import type { ReceiptStatus } from '../../contract/receipt.ts'
import { zonedTime } from '../../wire/zoned-time.ts'

/** How far a message is, by TurboSMS's word, in whichever of its spellings (`Delivered` when asked, `DELIVRD` in callbacks). */
export function statusOf(word: string): 'pending' | ReceiptStatus | undefined {
  switch (word.trim().toLowerCase()) {
    case 'queued':
    case 'in queue':
    case 'in process':
    case 'accepted':
    case 'acceptd':
      return 'pending'
    case 'sent':
    case 'enroute':
      return 'sent'
    case 'delivered':
    case 'delivrd':
      return 'delivered'
    case 'read':
      return 'read'
    case 'expired':
      return 'expired'
    case 'undelivered':
    case 'undeliv':
    case 'rejected':
    case 'rejectd':
    case 'failed':
    case 'cancelled':
      return 'failed'
    default:
      return undefined
  }
}

/** Unix milliseconds of one of TurboSMS's times: Kyiv's, without a zone (a field report). */
export function timeOf(value: JsonValue | undefined): number | undefined {
  return zonedTime(value, 'Europe/Kyiv')
}
