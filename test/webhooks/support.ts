import { WebhookParseError } from 'omnicascade'
import { expect } from 'vitest'

/** An SMS event as Sendios documents it. */
export const sms = {
  event: 'sms_sent',
  client_user_id: 'test123',
  project_id: 99,
  category_id: 1,
  template_id: 15,
  sms_id: 1233,
  ts: 1549382627,
  omnichannel: 1,
  channel: 'sms',
}

/** The `WebhookParseError` that `run` must throw. */
export function errorOf(run: () => unknown): WebhookParseError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookParseError)
    return error as WebhookParseError
  }
  throw new Error('nothing was thrown')
}
