import type { PushContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'

/** A request to send a push notification. */
export function pushFor(content: PushContent, to: SendRequest['to'], within = 60_000): SendRequest<'push'> {
  return {
    channel: 'push',
    to,
    content,
    recipient: { push: typeof to === 'number' ? String(to) : to },
    idempotencyKey: 'n1.0.0',
    notificationId: 'n1',
    within,
  }
}
