import type {} from 'vitest'
import type { NotificationMatchers } from './matchers.ts'

export { matchers } from './matchers.ts'

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends NotificationMatchers<R> {}
}
