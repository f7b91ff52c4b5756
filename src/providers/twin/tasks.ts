import { createdOf, objectOf, pathTo, type TwinApi, type TwinCallOptions } from './api.ts'
import { filesForm, type TwinFile } from './files.ts'
import type { TwinTimeRange } from './message-types.ts'
import { createList, type TwinList } from './paging.ts'

/** A sending task to be stored. */
export interface TwinTaskInput {
  readonly name?: string
  readonly allowedTimeRanges?: readonly TwinTimeRange[]
}

/** A sending task; times are strings as TWIN writes them. */
export interface TwinTask {
  readonly id?: string | null
  readonly name?: string | null
  /** Opaque: its values are not public. */
  readonly status?: string | null
  readonly createdAt?: string | null
  readonly updatedAt?: string | null
  readonly allowedTimeRanges?: readonly TwinTimeRange[] | null
  readonly totalMessageCount?: number | null
  readonly totalProcessedMessageCount?: number | null
  readonly inProgressMessageCount?: number | null
  readonly completedMessageCount?: number | null
  readonly progress?: number | null
}

/** Which tasks to list. */
export interface TwinTaskFilter {
  readonly name?: string
  /** Opaque. */
  readonly status?: string
  readonly from?: string
  readonly to?: string
}

/** Mass sending: create a task, add messages from a file, start it (`tasks`). */
export interface TwinTasks extends TwinList<TwinTask, TwinTaskFilter> {
  create(task: TwinTaskInput & { readonly name: string }, options?: TwinCallOptions): Promise<{ readonly id: string }>
  update(id: string, task: TwinTaskInput, options?: TwinCallOptions): Promise<void>
  delete(id: string, options?: TwinCallOptions): Promise<void>
  /** Adds the messages of Excel files, made from one of TWIN's own forms. */
  addMessages(id: string, files: TwinFile | readonly TwinFile[], options?: TwinCallOptions): Promise<void>
  start(id: string, options?: TwinCallOptions): Promise<void>
  pause(id: string, options?: TwinCallOptions): Promise<void>
  resume(id: string, options?: TwinCallOptions): Promise<void>
  /** The task's status: opaque, its values are not public. */
  statuses(id: string, options?: TwinCallOptions): Promise<{ readonly status?: string | null }>
}

/** The task calls of one host. */
export function createTasks(api: TwinApi): TwinTasks {
  const run =
    (method: 'POST' | 'DELETE', collection: string) =>
    async (id: string, { signal }: TwinCallOptions = {}): Promise<void> => {
      await api(pathTo(collection, id), { method, signal })
    }
  return {
    ...createList(api, 'tasks'),
    create: async (task, { signal } = {}) => createdOf(await api('tasks', { method: 'POST', json: task, signal })),
    update: async (id, task, { signal } = {}) => {
      await api(pathTo('tasks', id), { method: 'PUT', json: task, signal })
    },
    delete: run('DELETE', 'tasks'),
    addMessages: async (id, files, { signal } = {}) => {
      await api(pathTo('tasks', id), { method: 'POST', body: filesForm(files), signal })
    },
    start: run('POST', 'startedTasks'),
    pause: run('POST', 'pausedTasks'),
    resume: run('DELETE', 'pausedTasks'),
    statuses: async (id, { signal } = {}) => objectOf(await api(pathTo('tasks', id, 'statuses'), { signal })),
  }
}
