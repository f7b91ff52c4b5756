import { SendError } from '../contract/errors.ts'
import type { FailureKind } from '../contract/failure.ts'
import type { ChannelProvider, ProviderLimits } from '../contract/provider.ts'
import { createHttp, type HttpAnswer, kindOfStatus, unexpectedAnswer } from '../wire/http.ts'
import { checkNames, checkOptions, isHttpUrl } from '../wire/options.ts'
import { fieldOf, messageOf } from './slack/message.ts'

export { type SlackBotOptions, slackBot } from './slack/bot.ts'

/** Options of `slack`. */
export interface SlackOptions {
  /** The whole URL that Slack gives for a channel. It is a secret. */
  readonly webhookUrl: string
  readonly name?: string
  /** Default one message a second, which is what Slack allows a channel. */
  readonly limits?: ProviderLimits
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * Posts to one Slack channel through an incoming webhook. Slack gives no message id and reports nothing later. The text is
 * escaped, so that it can mention nobody; a picture and buttons become Block Kit blocks. Fields of `content.vendor.slack`
 * (`blocks`, `attachments`, `unfurl_links`, or a `text` in Slack's own markup) join the body as they are.
 */
export function slack(options: SlackOptions): ChannelProvider<'chat'> {
  checkNames('slack', options, ['webhookUrl', 'name', 'limits', 'fetch'])
  checkOptions('slack', [
    ['webhookUrl', options?.webhookUrl, isHttpUrl(options?.webhookUrl), 'be the whole https URL that Slack gave'],
  ])
  const { webhookUrl, name = 'slack', limits = { rate: { count: 1, per: '1s' } }, fetch } = options
  const http = createHttp('Slack', { baseUrl: webhookUrl, fetch }, 'webhookUrl')
  return {
    name,
    channels: ['chat'],
    receipts: 'none',
    addresses: { chat: 'fixed' },
    limits,
    async send({ content }, { signal }) {
      const answer = await http('', { json: messageOf(content), signal })
      if (answer.status !== 200 || answer.text.trim() !== 'ok') throw failureOf(answer)
      return {}
    },
  }
}

/** Slack's errors are one word of plain text. What is wrong with the one channel of a webhook is the operator's to mend. */
function failureOf(answer: HttpAnswer): SendError {
  const word = /^[a-z][a-z_]{1,60}$/.exec(answer.text.trim())?.[0]
  if (word === undefined || answer.ok) return unexpectedAnswer('Slack', answer)
  const kind: FailureKind = answer.status === 410 ? 'configuration' : kindOfStatus(answer.status)
  return new SendError(kind, word.replaceAll('_', ' '), {
    code: word,
    retryAfter: answer.retryAfter,
    field: fieldOf(word),
  })
}
