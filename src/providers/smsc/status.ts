import type { ReceiptStatus } from '../../contract/receipt.ts'

/** How far a message is, by SMSC's number. Source: smscentre.com/api/http/status_messages/statuses. */
export function statusOf(code: number): 'pending' | ReceiptStatus | undefined {
  switch (code) {
    // Not found (yet), stopped, waiting.
    case -3:
    case -2:
    case -1:
      return 'pending'
    case 0:
      return 'sent'
    case 1:
      return 'delivered'
    case 2:
      return 'read'
    case 3:
      return 'expired'
    case 4:
      return 'clicked'
    case 20:
    case 22:
    case 23:
    case 24:
    case 25:
      return 'failed'
    default:
      return undefined
  }
}

/** The key that a message's receipts come under: SMSC's ids are told apart only together with the number. */
export function keyOf(id: string | number, phone: string): string {
  return `${id}:${phone.replace(/\D/g, '')}`
}
