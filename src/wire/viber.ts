import type { Button, MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import { withButtons } from './buttons.ts'

/** What a Viber business message is made of. */
export interface ViberParts {
  /** May be empty beside a picture that has no button. */
  readonly text: string
  readonly imageUrl: string | undefined
  readonly button: Button | undefined
}

const longestText = 1000
const longestTitle = 30

/**
 * The parts of a Viber business message, within Viber's limits, whichever partner sends it: the first button is the button, the others become
 * lines of the text. Throws a `SendError` (`content`) that names the field.
 */
export function viberParts({ text: words, imageUrl, buttons: [button, ...others] = [] }: MessengerContent): ViberParts {
  const text = withButtons(words, others)
  // A picture may stand alone, but not with a button.
  if (text === '' && (imageUrl === undefined || button !== undefined)) {
    throw new SendError('content', 'the text is empty', { field: 'text' })
  }
  if (text.length > longestText) {
    throw new SendError('content', `the text has ${text.length} characters, and Viber takes ${longestText}`, { field: 'text' })
  }
  if (button !== undefined && (button.text === '' || button.text.length > longestTitle)) {
    throw new SendError('content', `a Viber button takes 1 to ${longestTitle} characters`, { field: 'buttons' })
  }
  return { text, imageUrl, button }
}
