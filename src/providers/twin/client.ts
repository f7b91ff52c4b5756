import type { Clock } from '../../contract/time.ts'
import { systemClock } from '../../wire/clock.ts'
import { createHttp, type HttpOptions, urlForm } from '../../wire/http.ts'
import { checkOptions, isHttpUrl, isText } from '../../wire/options.ts'
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
export interface TwinClientOptions extends TwinCredentials, HttpOptions {
  /** One host for all three APIs, for a proxy or a sandbox: TWIN's own paths (`/api/v1/…`, `/api/v1/auth/…`) come after it. */
  readonly baseUrl?: string | undefined
  /** Where single APIs are, each with its path; they go before `baseUrl`. */
  readonly baseUrls?: { readonly [K in keyof TwinBaseUrls]?: TwinBaseUrls[K] | undefined } | undefined
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

/**
 * A client of TWIN (notify.twin24.ai). Logs in on the first call, refreshes before the token expires, and logs in again once on a
 * 401; concurrent calls share one log-in. Throws `RequestError` on options that cannot work.
 */
export function createTwinClient(options: TwinClientOptions): TwinClient {
  checkClientOptions(options)
  const { baseUrls, fetch, clock = systemClock } = options
  const standard = standardUrls(options.baseUrl)
  const open = (api: keyof TwinBaseUrls) =>
    createHttp('TWIN', { baseUrl: baseUrls?.[api] ?? standard[api], fetch }, `baseUrls.${api}`)
  const session = createSession(open('auth'), options, clock)
  const notify = createApi(open('notify'), session)
  return {
    messages: createMessages(notify),
    templates: createTemplates(notify),
    bulk: createBulk(notify),
    tasks: createTasks(notify),
    phoneChecks: createPhoneChecks(notify),
    shortLinks: createShortLinks(notify),
    chatSessions: createChatSessions(createApi(open('chat'), session)),
  }
}

/** TWIN's own hosts, or the one host that stands in for them, with the same paths. */
function standardUrls(host: string | undefined): TwinBaseUrls {
  if (host === undefined) return twinBaseUrls.production
  const api = `${host.replace(/\/+$/, '')}/api/v1`
  return { notify: api, auth: `${api}/auth`, chat: api }
}

function checkClientOptions(options: TwinClientOptions): void {
  const { email, password, ttl = 1, baseUrl }: Partial<TwinClientOptions> = options ?? {}
  checkOptions('TWIN', [
    ['email', email, isText(email), 'be the log-in of a TWIN user'],
    ['password', password, isText(password), 'be the password of a TWIN user'],
    ['ttl', ttl, Number.isFinite(ttl) && ttl > 0, 'be a positive number of seconds'],
    ['baseUrl', baseUrl, baseUrl === undefined || isHttpUrl(baseUrl), urlForm],
  ])
}
