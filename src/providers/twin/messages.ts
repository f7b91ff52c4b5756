import { unexpectedAnswer } from '../../wire/http.ts'
import { isText } from '../../wire/options.ts'
import { listOf, type TwinApi, type TwinCallOptions } from './api.ts'
import type {
  TwinItemError,
  TwinMessage,
  TwinMessageFilter,
  TwinMessageIds,
  TwinMessageItem,
  TwinMessageResult,
  TwinSendRequest,
} from './message-types.ts'
import { createList, type TwinList } from './paging.ts'

/** Messages of the notification service (`messages`). */
export interface TwinMessages extends TwinList<TwinMessageItem, TwinMessageFilter> {
  /** Sends a batch: one result per created message, each with its own `error`. At least one, else it rejects with `unknown`. */
  send(request: TwinSendRequest, options?: TwinCallOptions): Promise<readonly TwinMessageResult[]>
  /** Calls messages back. The ids travel in the body of a DELETE, which some proxies drop. */
  cancel(which: TwinMessageIds, options?: TwinCallOptions): Promise<readonly TwinMessageResult[]>
}

/** The message calls of one host. */
export function createMessages(api: TwinApi): TwinMessages {
  return {
    ...createList(api, 'messages'),
    async send(request, { signal } = {}) {
      const secrets = confidentialOf(request.messages)
      const answer = await api('messages', { method: 'POST', json: request, secrets, signal })
      const results = listOf(answer)
      if (results.length === 0) throw unexpectedAnswer('TWIN', answer)
      return results.map(resultOf)
    },
    async cancel(which, { signal } = {}) {
      return listOf(await api('messages', { method: 'DELETE', json: which, signal })).map(resultOf)
    },
  }
}

/** What a message says and to whom: TWIN may quote it back, an error may not. */
export function confidentialOf(messages: readonly TwinMessage[]): readonly string[] {
  return messages.flatMap(({ destinations, channels = {}, callbackUrl }) => [
    ...leavesOf(destinations),
    ...Object.values(channels).flatMap(({ text, subject, templateData }) => leavesOf([text, subject, templateData])),
    ...leavesOf([callbackUrl, ...queryValues(callbackUrl)]),
  ])
}

function queryValues(url: string | undefined): readonly string[] {
  return url !== undefined && URL.canParse(url) ? [...new URL(url).searchParams.values()] : []
}

function leavesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : []
}

function resultOf(item: Readonly<Record<string, unknown>>): TwinMessageResult {
  const word = (name: string) => (isText(item[name]) ? item[name] : null)
  return {
    id: word('id'),
    bulkId: word('bulkId'),
    groupId: word('groupId'),
    flowId: word('flowId'),
    status: word('status'),
    channel: word('channel'),
    error: errorOf(item.error),
  }
}

function errorOf(error: unknown): TwinItemError | null {
  if (error === null || error === undefined || error === false) return null
  if (typeof error !== 'object') return { message: String(error) }
  const { message } = error as { message?: unknown }
  return { ...error, message: typeof message === 'string' ? message : '' }
}
