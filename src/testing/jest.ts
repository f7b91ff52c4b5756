import type { NotificationMatchers } from './matchers.ts'

export { matchers } from './matchers.ts'

declare global {
  namespace jest {
    interface Matchers<R, T> extends NotificationMatchers<R> {}
  }
}
