import type { MessengerContent } from '../contract/content.ts'
import { SendError } from '../contract/errors.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ChannelProvider, ProviderLimits, SendResult } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isHttpUrl, isText } from '../wire/options.ts'

/** Options of `teams`. */
export interface TeamsOptions {
  /** The whole URL of a workflow, "When a Teams webhook request is received". It is a secret. */
  readonly webhookUrl: string
  readonly name?: string
  readonly limits?: ProviderLimits
  readonly fetch?: typeof globalThis.fetch | undefined
}

// Bytes; learn.microsoft.com, "Create Incoming Webhooks".
const longest = 28 * 1024

/**
 * Posts an Adaptive Card to one Microsoft Teams channel or chat through a workflow of Power Automate. The workflow answers 202 and posts later: whether
 * it could is told to its owner alone. `content.vendor.teams` replaces the card's own fields, such as `body` or `msteams`. [U] The answers and their
 * codes are taken from public code, not from Microsoft's documentation.
 */
export function teams(options: TeamsOptions): ChannelProvider<'chat'> {
  checkNames('teams', options, ['webhookUrl', 'name', 'limits', 'fetch'])
  const { webhookUrl, name = 'teams', limits, fetch } = options
  checkOptions('teams', [['webhookUrl', webhookUrl, isHttpUrl(webhookUrl), 'be the whole https URL of the workflow']])
  const http = createHttp('Teams', { baseUrl: webhookUrl, fetch }, 'webhookUrl')
  return {
    name,
    channels: ['chat'],
    receipts: 'none',
    addresses: { chat: 'fixed' },
    ...(limits && { limits }),
    async send({ content }, { signal }) {
      const body = bodyOf(content)
      if (new TextEncoder().encode(JSON.stringify(body)).length > longest)
        throw new SendError('content', 'the card is over 28 KB, which Teams does not take', { field: 'text' })
      return resultOf(await http('', { json: body, signal }))
    },
  }
}

function bodyOf({ text, imageUrl, buttons = [], vendor }: MessengerContent): JsonObject {
  const own = vendor?.teams ?? {}
  const body = [
    ...(text === '' ? [] : [{ type: 'TextBlock', text: escapeCard(text), wrap: true }]),
    ...(imageUrl === undefined ? [] : [{ type: 'Image', url: imageUrl, altText: text.slice(0, 200) || 'picture' }]),
  ]
  if (body.length === 0 && own.body === undefined) throw new SendError('content', 'the text is empty', { field: 'text' })
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body,
    ...(buttons.length > 0 && { actions: buttons.map(({ text: title, url }) => ({ type: 'Action.OpenUrl', title, url })) }),
    ...own,
  }
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  }
}

/** A TextBlock reads some Markdown. Links stay as they are, up to where markup could begin; a line break is two, as Markdown joins lines. */
function escapeCard(text: string): string {
  const escaped = text.replace(
    /(https?:\/\/[^\s<>[\]|`\\]+)|[\\*_[\]`]/g,
    (special, url: string | undefined) => url ?? `\\${special}`,
  )
  return escaped.replace(/\r?\n/g, '\n\n')
}

function resultOf(answer: HttpAnswer): SendResult {
  const run = answer.headers.get('x-ms-workflow-run-id')
  if (answer.status === 202) return run === null ? {} : { messageId: run }
  const { code } = fieldsOf(fieldsOf(answer.json).error)
  if (answer.ok || answer.status >= 500 || !isText(code, /^\w{2,60}$/)) throw unexpectedAnswer('Teams', answer)
  // A trigger that is off is told with 400: the message is not to blame.
  const kind = code === 'WorkflowTriggerIsNotEnabled' ? 'configuration' : kindOfStatus(answer.status)
  throw new SendError(kind, `the workflow refused the message: ${code}`, { code, retryAfter: answer.retryAfter })
}
