import { createdOf, objectOf, pathTo, type TwinApi, type TwinCallOptions } from './api.ts'
import type { TwinChannels, TwinIds, TwinTimeRange } from './message-types.ts'
import { createList, type TwinList } from './paging.ts'

/** A template to be stored. How variables are written inside its texts is not public. */
export interface TwinTemplateInput {
  readonly name?: string
  readonly channels?: TwinChannels
  readonly allowedTimeRanges?: readonly TwinTimeRange[]
}

/** A stored template; times are strings as TWIN writes them. */
export interface TwinTemplate {
  readonly id?: string | null
  readonly name?: string | null
  readonly channels?: TwinChannels | null
  readonly allowedTimeRanges?: readonly TwinTimeRange[] | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
}

/** Which templates to list. */
export interface TwinTemplateFilter {
  readonly name?: string
  readonly companyId?: string | number
  readonly id?: TwinIds
}

/** Templates of messages (`templates`). */
export interface TwinTemplates extends TwinList<TwinTemplate, TwinTemplateFilter> {
  get(id: string, options?: TwinCallOptions): Promise<TwinTemplate>
  create(template: TwinTemplateInput & { readonly name: string }, options?: TwinCallOptions): Promise<{ readonly id: string }>
  update(id: string, template: TwinTemplateInput, options?: TwinCallOptions): Promise<void>
  delete(id: string, options?: TwinCallOptions): Promise<void>
}

/** The template calls of one host. */
export function createTemplates(api: TwinApi): TwinTemplates {
  return {
    ...createList(api, 'templates'),
    get: async (id, { signal } = {}) => objectOf(await api(pathTo('templates', id), { signal })),
    create: async (template, { signal } = {}) => createdOf(await api('templates', { method: 'POST', json: template, signal })),
    update: async (id, template, { signal } = {}) => {
      await api(pathTo('templates', id), { method: 'PUT', json: template, signal })
    },
    delete: async (id, { signal } = {}) => {
      await api(pathTo('templates', id), { method: 'DELETE', signal })
    },
  }
}
