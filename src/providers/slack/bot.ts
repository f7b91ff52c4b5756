import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'
import type { ChannelProvider, ProviderLimits, SendRequest, SendResult } from '../../contract/provider.ts'
import { createHttp, type HttpAnswer, type HttpOptions, unexpectedAnswer } from '../../wire/http.ts'
import { fieldsOf } from '../../wire/json.ts'
import { checkNames, checkOptions, isText } from '../../wire/options.ts'
import { fieldOf, messageOf } from './message.ts'

/** Options of `slackBot`. */
export interface SlackBotOptions extends HttpOptions {
  /** The bot token of an app, `xoxb-…`, with the scope `chat:write`. */
  readonly token: string
  readonly name?: string
  readonly limits?: ProviderLimits
}

/**
 * Posts as a bot to any channel or person (Web API `chat.postMessage`). The address is the id of a channel, a direct message or a user (`C…`, `D…`,
 * `U…`); the message id is `<channel>:<ts>`. Slack reports nothing later. Fields of `content.vendor.slack` join the call's body.
 * Source: https://api.slack.com/methods/chat.postMessage.
 */
export function slackBot(options: SlackBotOptions): ChannelProvider<'chat'> {
  checkNames('slackBot', options, ['token', 'name', 'limits', 'baseUrl', 'fetch'])
  const { token, name = 'slack', limits, baseUrl = 'https://slack.com/api', fetch } = options
  checkOptions('slackBot', [
    ['token', token, isText(token, /^xox[\w-]+$/), 'be the bot token of an app, which begins with xoxb-'],
  ])
  const http = createHttp('Slack', { baseUrl, fetch })
  return {
    name,
    channels: ['chat'],
    receipts: 'none',
    ...(limits && { limits }),
    async send({ content, to }, { signal }) {
      const channel = channelOf(to)
      const headers = { authorization: `Bearer ${token}` }
      return resultOf(await http('chat.postMessage', { headers, json: { ...messageOf(content), channel }, signal }))
    },
  }
}

function channelOf(to: SendRequest['to']): string {
  if (isText(to, /^[A-Z][A-Z\d]{2,30}$/)) return to
  throw new SendError('recipient', 'a Slack address is the id of a channel, a direct message or a user, and this is none')
}

/** Slack says what went wrong in a word, with HTTP 200; 429 alone has a status of its own. */
function resultOf(answer: HttpAnswer): SendResult {
  const { ok, channel, ts, error } = fieldsOf(answer.json)
  if (answer.ok && ok === true && typeof channel === 'string' && typeof ts === 'string') return { messageId: `${channel}:${ts}` }
  if (ok !== false || !isText(error, /^[a-z][a-z_]{1,60}$/) || answer.status >= 500) throw unexpectedAnswer('Slack', answer)
  const kind = answer.status === 429 ? 'transient' : kindOf(error)
  throw new SendError(kind, error.replaceAll('_', ' '), { code: error, retryAfter: answer.retryAfter, field: fieldOf(error) })
}

const words: Readonly<Record<FailureKind, string>> = {
  transient: 'ratelimited rate_limited service_unavailable request_timeout team_added_to_org',
  recipient: 'channel_not_found user_not_found is_archived cannot_dm_bot user_disabled restricted_action_read_only_channel',
  content:
    'not_in_channel no_text msg_too_long invalid_blocks invalid_blocks_format too_many_attachments msg_blocks_too_long invalid_arguments invalid_metadata_format',
  configuration:
    'invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission org_login_required ekm_access_denied access_denied restricted_action accesslimited two_factor_setup_required deprecated_endpoint method_deprecated messages_tab_disabled not_allowed_token_type team_access_not_granted enterprise_is_restricted',
  // Slack says of both that something may have succeeded.
  unknown: 'fatal_error internal_error',
}
const kinds = new Map(Object.entries(words).flatMap(([kind, all]) => all.split(' ').map((word) => [word, kind as FailureKind])))

/** What Slack has refused was not sent: a word that is not known is taken for the content's. */
function kindOf(word: string): FailureKind {
  return kinds.get(word) ?? 'content'
}
