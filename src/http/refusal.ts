import { OmnicascadeError } from '../contract/errors.ts'

/** A request that is answered with `status` instead of being ingested. Its message is the answer's body: no values, no secrets. */
export class WebhookRefusal extends OmnicascadeError {
  override readonly name = 'WebhookRefusal'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super('webhook-refused', message)
    this.status = status
    this.headers = headers
  }
}
