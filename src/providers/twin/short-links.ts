import type { TwinApi } from './api.ts'
import type { TwinIds } from './message-types.ts'
import { createList, type TwinList } from './paging.ts'

/** A link that TWIN has shortened, with its clicks; times are strings as TWIN writes them. */
export interface TwinShortLink {
  readonly id?: string | null
  readonly messageId?: string | null
  readonly companyId?: string | number | null
  readonly taskId?: string | null
  /** The long link. */
  readonly content?: string | null
  readonly shortcut?: string | null
  readonly clicks?: number | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
  readonly firstVisitedAt?: string | null
  readonly lastVisitedAt?: string | null
}

/** Which short links to list. */
export interface TwinShortLinkFilter {
  readonly messageId?: TwinIds
  readonly taskId?: TwinIds
}

/** Short links and their clicks (`shortLinks`). No callback for clicks is known: they are polled. */
export type TwinShortLinks = TwinList<TwinShortLink, TwinShortLinkFilter>

/** The short links of one host. */
export function createShortLinks(api: TwinApi): TwinShortLinks {
  return createList(api, 'shortLinks')
}
