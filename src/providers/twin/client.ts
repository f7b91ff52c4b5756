import { RequestError } from '../../contract/errors.ts'
import type { Clock } from '../../contract/time.ts'
import { createHttp } from '../../wire/http.ts'
import { createApi } from './api.ts'
import { createBulk, type TwinBulk } from './bulk.ts'
import { createChatSessions, type TwinChatSessions } from './chat-sessions.ts'
import { createMessages, type TwinMessages } from './messages.ts'
import { createPhoneChecks, type TwinPhoneChecks } from './phone-checks.ts'
import { createSession, type TwinCredentials } from './session.ts'
import { createShortLinks, type TwinShortLinks } from './short-links.ts'
import { createTasks, type TwinTasks } from './tasks.ts'
import { createTemplates, type TwinTemplates } from './templates.ts'

/** TWIN's three hosts, each with its path. */
export interface TwinBaseUrls {
  readonly notify: string
  readonly auth: string
  readonly chat: string
}

/** TWIN's own hosts, as the vendor's SDK names them. */
export const twinBaseUrls: { readonly production: TwinBaseUrls; readonly dev: TwinBaseUrls } = {
  production: {
    notify: 'https://notify.twin24.ai/api/v1',
    auth: 'https://iam.twin24.ai/api/v1/auth',
    chat: 'https://chat-api.twin24.ai/api/v1',
  },
  dev: {
    notify: 'https://notify.dev.twin24.ai/api/v1',
    auth: 'https://iam.dev.twin24.ai/api/v1/auth',
    chat: 'https://chats-api.dev.twin24.ai/api/v1',
  },
}

/** Options of `createTwinClient`. */
export interface TwinClientOptions extends TwinCredentials {
  /** Hosts other than the production ones. */
  readonly baseUrls?: Partial<TwinBaseUrls>
  readonly fetch?: typeof globalThis.fetch
  readonly clock?: Clock
}

/** TWIN's notification service and chats. Every call rejects with a `SendError`; one of a bad id with a `RequestError`. */
export interface TwinClient {
  readonly messages: TwinMessages
  readonly templates: TwinTemplates
  readonly bulk: TwinBulk
  readonly tasks: TwinTasks
  readonly phoneChecks: TwinPhoneChecks
  readonly shortLinks: TwinShortLinks
  readonly chatSessions: TwinChatSessions
}

const systemClock: Clock = {
  now: Date.now,
  setTimer(delay, run) {
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  },
}

/**
 * A client of TWIN (notify.twin24.ai). Logs in on the first call, refreshes before the token expires, and logs in again once on a
 * 401; concurrent calls share one log-in. Throws `RequestError` on options that cannot work.
 */
export function createTwinClient(options: TwinClientOptions): TwinClient {
  const { baseUrls, fetch, clock = systemClock } = options
  checkCredentials(options)
  const urls = { ...twinBaseUrls.production, ...baseUrls }
  const session = createSession(createHttp('TWIN', { baseUrl: urls.auth, ...(fetch && { fetch }) }), options, clock)
  const notify = createApi(urls.notify, session, fetch)
  return {
    messages: createMessages(notify),
    templates: createTemplates(notify),
    bulk: createBulk(notify),
    tasks: createTasks(notify),
    phoneChecks: createPhoneChecks(notify),
    shortLinks: createShortLinks(notify),
    chatSessions: createChatSessions(createApi(urls.chat, session, fetch)),
  }
}

function checkCredentials({ email, password, ttl = 1 }: TwinCredentials): void {
  const issues = [
    ...(email ? [] : [{ path: 'email', message: 'is missing: the log-in of a TWIN user' }]),
    ...(password ? [] : [{ path: 'password', message: 'is missing: the log-in of a TWIN user' }]),
    ...(Number.isFinite(ttl) && ttl > 0 ? [] : [{ path: 'ttl', message: 'must be a positive number of seconds' }]),
  ]
  if (issues.length > 0) throw new RequestError('TWIN', issues)
}
