import type { ApprovedTemplate, WhatsAppContent } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { JsonObject } from '../../contract/json.ts'
import type { WhatsAppWindow } from '../../contract/whatsapp-window.ts'
import { templateFor } from '../../wire/whatsapp.ts'

const longestText = 4096
const longestCaption = 1024

/** The message for a number: free text or a picture where that may go, else the approved template. Throws a `SendError` (`content`). */
export async function messageOf(content: WhatsAppContent, to: string, window: WhatsAppWindow | undefined): Promise<JsonObject> {
  const template = await templateFor(content, to, window)
  return template === undefined
    ? freeMessage(content.text ?? '', content.imageUrl)
    : { type: 'template', template: templateOf(template) }
}

function freeMessage(text: string, imageUrl: string | undefined): JsonObject {
  const limit = imageUrl === undefined ? longestText : longestCaption
  const length = [...text].length
  if (length > limit)
    throw new SendError('content', `the text has ${length} characters, and WhatsApp takes ${limit}`, { field: 'text' })
  if (imageUrl === undefined) return { type: 'text', text: { body: text, preview_url: false } }
  return { type: 'image', image: { link: imageUrl, ...(text !== '' && { caption: text }) } }
}

/** Parameters by position, or [U] by name. */
function templateOf({ name, language, parameters = [] }: ApprovedTemplate): JsonObject {
  const body = Array.isArray(parameters)
    ? parameters.map((text) => ({ type: 'text', text }))
    : Object.entries(parameters).map(([parameter, text]) => ({ type: 'text', parameter_name: parameter, text }))
  return {
    name,
    language: { code: language },
    ...(body.length > 0 && { components: [{ type: 'body', parameters: body }] }),
  }
}
