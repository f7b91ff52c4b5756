import { fieldsOf } from '../../wire/json.ts'
import { pathTo, type TwinApi, type TwinCallOptions } from './api.ts'
import { filesForm, type TwinFile } from './files.ts'

/** Where a bulk's result is: under an id, to be fetched with `result`, or in the answer itself. */
export type TwinBulkResult = { readonly id: string } | { readonly file: Uint8Array }

/** Messages sent from files (`messages/bulk`). */
export interface TwinBulk {
  /** Sends files (the vendor's SDK names CSV). `async` is passed on; what it changes is not public, save that either result may come. */
  send(files: TwinFile | readonly TwinFile[], options?: TwinCallOptions & { readonly async?: boolean }): Promise<TwinBulkResult>
  /** Downloads a result; its file format is not public. */
  result(resultId: string, options?: TwinCallOptions): Promise<Uint8Array>
}

/** The bulk calls of one host. */
export function createBulk(api: TwinApi): TwinBulk {
  return {
    async send(files, { async, signal } = {}) {
      const body = filesForm(files)
      if (async !== undefined) body.append('async', String(async))
      const { json, bytes } = await api('messages/bulk', { method: 'POST', body, signal })
      const { id } = fieldsOf(json)
      return typeof id === 'string' ? { id } : { file: bytes }
    },
    result: async (resultId, { signal } = {}) => (await api(pathTo('messages', 'bulk', resultId), { signal })).bytes,
  }
}
