import type { ApprovedTemplate, WhatsAppContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { WhatsAppWindow } from '../contract/whatsapp-window.ts'
import type { OptionRule } from './options.ts'

/** The rule of an option `window`, of which `method` is called. */
export function windowRule(window: WhatsAppWindow | undefined, method: keyof WhatsAppWindow): OptionRule {
  return ['window', window, window === undefined || typeof window?.[method] === 'function', 'be what `whatsappWindow` gives']
}

/**
 * The approved template that a WhatsApp message must be, or undefined where its text or picture may go as it is. With a window free
 * text goes while it is open; without one a template goes before a text. Throws a `SendError` where neither can go.
 */
export async function templateFor(
  { text = '', imageUrl, approved }: WhatsAppContent,
  to: string,
  window: WhatsAppWindow | undefined,
): Promise<ApprovedTemplate | undefined> {
  const isFree = text !== '' || imageUrl !== undefined
  if (!isFree && approved === undefined) {
    throw new SendError('content', 'there is neither a text nor an approved template', { field: 'text' })
  }
  if (!isFree) return approved
  if (window === undefined || (await isOpen(window, to))) return window === undefined ? approved : undefined
  if (approved !== undefined) return approved
  const words = 'nobody has written from this number within 24 hours, and there is no approved template'
  throw new SendError('content', words, { field: 'approved', code: 'WINDOW_CLOSED' })
}

/** The app's store may be down: then nothing was sent, and it can be tried again. */
async function isOpen(window: WhatsAppWindow, to: string): Promise<boolean> {
  try {
    return await window.isOpen(to)
  } catch {
    throw new SendError('transient', 'the WhatsApp window could not be asked who has written when: look at its store')
  }
}

type Parameters = NonNullable<ApprovedTemplate['parameters']>

/** The parameters of a template for vendors that take them by their place alone. Throws a `SendError` (`content`) for names that are no places. */
export function inOrder(vendor: string, parameters: Parameters): readonly string[] {
  if (!isNamed(parameters)) return parameters
  const places = Object.keys(parameters).sort((a, b) => Number(a) - Number(b))
  if (places.some((place, at) => place !== String(at + 1))) {
    throw new SendError('content', `${vendor} takes the parameters of a template in their order: give a list, or names 1, 2, 3`, {
      field: 'approved',
    })
  }
  return places.map((place) => parameters[place]!)
}

function isNamed(parameters: Parameters): parameters is Readonly<Record<string, string>> {
  return !Array.isArray(parameters)
}
