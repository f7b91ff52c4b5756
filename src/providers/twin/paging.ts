import { unexpectedAnswer } from '../../wire/http.ts'
import { objectOf, type TwinApi, type TwinCallOptions } from './api.ts'

/** What every list of TWIN takes, as the vendor's SDK declares it; the values of strings are not public unless said. */
export interface TwinListQuery {
  readonly limit?: number
  readonly offset?: number
  readonly page?: number
  /** Field names, comma-separated; the syntax of directions is not public. */
  readonly sort?: string
  readonly group?: string
  readonly fields?: string
  readonly timezone?: number
  readonly language?: string
  readonly withoutCount?: boolean
  readonly withoutItems?: boolean
  readonly offsetField?: string
  readonly offsetValue?: string
}

/** One page of a list. */
export interface TwinPage<T> {
  /** How many there are in all; undefined where TWIN does not say (`withoutCount`). */
  readonly count: number | undefined
  readonly items: readonly T[]
}

/** A list of TWIN, page by page or item by item. */
export interface TwinList<T, F> {
  /** One page. */
  page(query?: F & TwinListQuery, options?: TwinCallOptions): Promise<TwinPage<T>>
  /** Every item from `offset` on, fetching pages of `limit` (100 when left out) as they are needed. Leaving the loop stops it. */
  list(query?: F & Omit<TwinListQuery, 'page' | 'withoutItems'>, options?: TwinCallOptions): AsyncIterable<T>
}

/** The list at `path`. Items are typed as the vendor's SDK declares them and are not checked. */
export function createList<T, F extends object>(api: TwinApi, path: string): TwinList<T, F> {
  async function page(query: Partial<F> & TwinListQuery = {}, options: TwinCallOptions = {}): Promise<TwinPage<T>> {
    const answer = await api(path, { query: queryOf(query), signal: options.signal })
    const { count, items = typeof count === 'number' ? [] : undefined } = objectOf(answer)
    if (!Array.isArray(items)) throw unexpectedAnswer('TWIN', answer)
    return { count: typeof count === 'number' ? count : undefined, items }
  }

  async function* list(query: Partial<F> & TwinListQuery = {}, options: TwinCallOptions = {}): AsyncGenerator<T> {
    const limit = query.limit ?? 100
    for (let offset = query.offset ?? 0; ; ) {
      const { count, items } = await page({ ...query, limit, offset }, options)
      yield* items
      offset += items.length
      // TWIN may give fewer than asked for, so a short page alone does not end the list.
      if (items.length === 0 || (count !== undefined && offset >= count)) return
    }
  }

  return { page, list }
}

/** Query fields as TWIN takes them: lists comma-separated, absent ones left out. */
function queryOf(fields: object): Record<string, string | number | boolean> {
  const query: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) query[name] = value.join(',')
    else if (value !== undefined && value !== null) query[name] = value
  }
  return query
}
