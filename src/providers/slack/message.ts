import type { Button, MessengerContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import { escapeSlack } from '../../text/escape.ts'

/** The message as Slack takes it: escaped text, Block Kit blocks for a picture and buttons, and the app's own fields as they are. */
export function messageOf(content: MessengerContent): JsonObject {
  const { text, imageUrl, buttons = [], vendor } = content
  const own = vendor?.slack ?? {}
  const plain = escapeSlack(text)
  const body: JsonObject = {
    ...(plain !== '' && { text: plain }),
    ...((imageUrl !== undefined || buttons.length > 0) && { blocks: blocksOf(content, plain) }),
    ...own,
  }
  if (Object.keys(body).length === 0) throw new SendError('content', 'the text is empty', { field: 'text' })
  return body
}

/** Where a word of Slack's says that the content is wrong. */
export function fieldOf(word: string): string | undefined {
  if (/^(no_text|msg_too_long|missing_text_or_fallback_or_attachments)$/.test(word)) return 'text'
  if (/^(invalid_blocks(_format)?|msg_blocks_too_long|too_many_attachments|invalid_metadata_format)$/.test(word))
    return 'vendor.slack'
  return undefined
}

function blocksOf({ text, imageUrl, buttons = [] }: MessengerContent, plain: string): JsonObject[] {
  return [
    ...(plain === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: plain } }]),
    ...(imageUrl === undefined ? [] : [{ type: 'image', image_url: imageUrl, alt_text: text.slice(0, 200) || 'picture' }]),
    ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons.map(buttonOf) }]),
  ]
}

function buttonOf({ text, url }: Button): JsonObject {
  return { type: 'button', text: { type: 'plain_text', text }, url }
}
