import type { Awaitable } from './json.ts'

/** Who may be sent free text on WhatsApp: whoever has written within the last 24 hours. Made by `whatsappWindow`. */
export interface WhatsAppWindow {
  /** Whether a number, in any spelling, may be sent free text now. */
  isOpen(number: string): Awaitable<boolean>
  /** Somebody has written, at this moment (Unix milliseconds). */
  wrote(number: string, at: number): Awaitable<void>
}
