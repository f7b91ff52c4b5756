import type { Button, MessengerContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import { mergeFields } from '../../wire/merge.ts'

const longestText = 7000
const longestCaption = 768
const longestButton = 250
const mostBytes = 30 * 1024
const picture = /\.(jpe?g|png|gif)$/i

/** The body of `send_message`, within Viber's limits. Throws a `SendError` (`content`). */
export function bodyOf(content: MessengerContent, sender: JsonObject, receiver: string): string {
  const { text, imageUrl, buttons = [], vendor } = content
  checkText(text, imageUrl)
  const ours = {
    receiver,
    sender,
    ...(imageUrl === undefined ? { type: 'text', text } : { type: 'picture', text, media: imageUrl }),
    ...(buttons.length > 0 && { keyboard: { Type: 'keyboard', Buttons: buttons.map(keyOf) } }),
  }
  const body = JSON.stringify(mergeFields({ min_api_version: 1, ...vendor?.viber }, ours))
  const bytes = new TextEncoder().encode(body).byteLength
  if (bytes > mostBytes) throw new SendError('content', `the message has ${bytes} bytes, and Viber takes ${mostBytes}`)
  return body
}

function checkText(text: string, imageUrl: string | undefined): void {
  if (text === '' && imageUrl === undefined) throw new SendError('content', 'the text is empty', { field: 'text' })
  const limit = imageUrl === undefined ? longestText : longestCaption
  const length = [...text].length
  if (length > limit)
    throw new SendError('content', `the text has ${length} characters, and Viber takes ${limit}`, { field: 'text' })
  if (imageUrl !== undefined && !(URL.canParse(imageUrl) && picture.test(new URL(imageUrl).pathname)))
    throw new SendError('content', 'Viber takes pictures whose path ends in .jpeg, .jpg, .png or .gif', { field: 'imageUrl' })
}

/** A key as wide as the keyboard. Its text may hold HTML: [U] that `&lt;` is shown as `<`. */
function keyOf({ text, url }: Button): JsonObject {
  if (text === '' || [...text].length > longestButton)
    throw new SendError('content', `a button of a Viber bot takes 1 to ${longestButton} characters`, { field: 'buttons' })
  return { Columns: 6, Rows: 1, ActionType: 'open-url', ActionBody: url, Text: text.replace(/</g, '&lt;') }
}
