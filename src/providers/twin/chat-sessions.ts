import type { JsonValue } from '../../contract/json.ts'
import { createdOf, objectOf, pathTo, type TwinApi, type TwinCallOptions } from './api.ts'
import type { TwinScalar } from './message-types.ts'
import { createList, type TwinList, type TwinListQuery, type TwinPage } from './paging.ts'

/** How a chat session starts or goes on. Every field is optional in the vendor's SDK; which are needed is not public. */
export interface TwinChatSessionInput {
  readonly name?: string
  readonly botId?: string
  readonly sessionId?: string
  readonly clientId?: string
  readonly clientPhone?: string
  readonly clientEmail?: string
  readonly clientName?: string
  readonly clientFirstName?: string
  readonly clientMiddleName?: string
  readonly clientLastName?: string
  readonly clientExternalId?: string
  readonly clientDeviceId?: string
  readonly clientTimezone?: number
  readonly clientMetadata?: JsonValue
  readonly clientNameForOperator?: string
  readonly channel?: string
  readonly messengerType?: string
  readonly messengerUserId?: string
  /** Its unit is not public. */
  readonly sessionTtl?: number
  readonly returnAnswerAsync?: boolean
  readonly referer?: string
  readonly variables?: Readonly<Record<string, TwinScalar>>
  readonly callbackUrl?: string
  readonly callbackData?: string
  readonly botNodeId?: string
  readonly messageBody?: string
  readonly messageAttachments?: JsonValue
  readonly eventCallbackUrl?: string
  readonly eventCallbackData?: string
  readonly notifyOnEvents?: readonly string[]
  readonly replyToMessageId?: string
}

/** What a bot says when a session starts or goes on; the shapes of its parts are not public. */
export interface TwinChatAnswer {
  readonly id?: string | null
  readonly messageId?: string | null
  readonly clientId?: string | null
  readonly startedAt?: string | null
  readonly ttl?: number | null
  readonly messages?:
    | readonly {
        readonly authorId?: string | null
        readonly authorType?: string | null
        readonly body?: string | null
        readonly actions?: JsonValue
        readonly answers?: JsonValue
        readonly keyboard?: JsonValue
        readonly attachments?: JsonValue
      }[]
    | null
}

/** A chat session: the fields that say what it is; TWIN sends more. Statuses are opaque. */
export interface TwinChatSession {
  readonly id?: string | null
  readonly chatId?: string | null
  readonly name?: string | null
  readonly clientId?: string | number | null
  readonly channel?: string | null
  readonly messengerType?: string | null
  readonly status?: string | null
  readonly botStatus?: string | null
  readonly startedAt?: string | null
  readonly ttl?: number | null
}

/** Which sessions to list. */
export interface TwinChatSessionFilter {
  readonly sessionId?: string
  readonly chatId?: string
  readonly name?: string
  readonly status?: string
  readonly botStatus?: string
  readonly operatorId?: string
  readonly operatorType?: string
  readonly keyword?: string
  readonly tags?: string
  readonly from?: string
  readonly to?: string
  readonly markedAsSpam?: boolean
  readonly groupByClientId?: boolean
  readonly clientBanned?: boolean
}

/** A message of a session. */
export interface TwinChatMessage {
  readonly id?: string | null
  readonly sessionId?: string | null
  readonly authorId?: string | null
  readonly authorType?: string | null
  readonly authorName?: string | null
  readonly type?: string | null
  readonly body?: string | null
  readonly readAt?: string | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
}

/** Which messages of a session to list. */
export interface TwinChatMessageFilter {
  readonly from?: string
  readonly to?: string
  readonly companyId?: number
}

/** A message to be put into a session. The shape of attachments is not public. */
export interface TwinChatMessageInput {
  readonly body?: string
  readonly attachments?: JsonValue
  readonly replyToMessageId?: string
}

/** Chat sessions and their messages (the chat host). */
export interface TwinChatSessions extends TwinList<TwinChatSession, TwinChatSessionFilter> {
  start(chatId: string, session: TwinChatSessionInput, options?: TwinCallOptions): Promise<TwinChatAnswer>
  continue(chatId: string, session: TwinChatSessionInput, options?: TwinCallOptions): Promise<TwinChatAnswer>
  get(sessionId: string, options?: TwinCallOptions): Promise<TwinChatSession>
  /** Ends a session; what `result` may say is not public. */
  delete(sessionId: string, ending?: { readonly result?: string }, options?: TwinCallOptions): Promise<void>
  readonly messages: {
    page(
      sessionId: string,
      query?: TwinChatMessageFilter & TwinListQuery,
      options?: TwinCallOptions,
    ): Promise<TwinPage<TwinChatMessage>>
    list(sessionId: string, query?: TwinChatMessageFilter, options?: TwinCallOptions): AsyncIterable<TwinChatMessage>
    /** Posts as the client. The vendor's SDK has the same path for operators, probably by mistake. */
    create(sessionId: string, message: TwinChatMessageInput, options?: TwinCallOptions): Promise<{ readonly id: string }>
    markRead(messageId: string, options?: TwinCallOptions): Promise<void>
  }
}

/** The session calls of the chat host. */
export function createChatSessions(api: TwinApi): TwinChatSessions {
  const messagesOf = (sessionId: string) =>
    createList<TwinChatMessage, TwinChatMessageFilter>(api, pathTo('sessions', sessionId, 'messages'))
  const talk =
    (method: 'POST' | 'PUT') =>
    async (chatId: string, session: TwinChatSessionInput, { signal }: TwinCallOptions = {}): Promise<TwinChatAnswer> => {
      const secrets = [session.clientPhone, session.clientEmail, session.callbackUrl, session.eventCallbackUrl]
      return objectOf(
        await api(pathTo('chats', chatId, 'sessions'), {
          method,
          json: session,
          secrets: secrets.filter((secret) => secret !== undefined),
          signal,
        }),
      )
    }
  return {
    ...createList(api, 'sessions'),
    start: talk('POST'),
    continue: talk('PUT'),
    get: async (sessionId, { signal } = {}) => objectOf(await api(pathTo('sessions', sessionId), { signal })),
    delete: async (sessionId, ending = {}, { signal } = {}) => {
      await api(pathTo('sessions', sessionId), { method: 'DELETE', json: ending, signal })
    },
    messages: {
      page: (sessionId, query, options) => messagesOf(sessionId).page(query, options),
      list: (sessionId, query, options) => messagesOf(sessionId).list(query, options),
      create: async (sessionId, message, { signal } = {}) =>
        createdOf(await api(pathTo('sessions', sessionId, 'clients', 'messages'), { method: 'POST', json: message, signal })),
      markRead: async (messageId, { signal } = {}) => {
        await api(pathTo('messages', messageId, 'read'), { method: 'PATCH', signal })
      },
    },
  }
}
