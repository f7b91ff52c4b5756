import type { Channel } from './channel.ts'
import type { ErrorCode } from './error-codes.ts'
import type { Failure, FailureKind } from './failure.ts'
import type { Issue } from './template.ts'

const marker: unique symbol = Symbol.for('omnicascade.error') as never

/** Base of every error of this library. `code` names the case, and `docs` the place that says what to do about it. */
export class OmnicascadeError extends Error {
  override readonly name: string = 'OmnicascadeError'
  readonly code: ErrorCode
  /** In the package, wherever it is installed. */
  readonly docs: string
  readonly [marker] = true

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.docs = `omnicascade/docs/errors.md#${code}`
  }
}

/** Whether an error is one of this library's, also of another copy of it that some package brought along: there `instanceof` fails. */
export function isOmnicascadeError(error: unknown): error is OmnicascadeError {
  return typeof error === 'object' && error !== null && marker in error
}

/** A request to `send` (or a template, or options) that cannot work. `issues` lists everything wrong with it. Nothing was stored or sent. */
export class RequestError extends OmnicascadeError {
  override readonly name = 'RequestError'
  readonly issues: readonly Issue[]

  constructor(subject: string, issues: readonly Issue[], code: ErrorCode = 'invalid-request') {
    super(code, `${subject}: ${issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')}`)
    this.issues = issues
  }
}

/** The idempotency key was used before with another request. `fields` names what differs; the key, which may be made of an address, is not repeated. Nothing was stored or sent. */
export class IdempotencyConflictError extends OmnicascadeError {
  override readonly name = 'IdempotencyConflictError'
  readonly notificationId: string
  readonly fields: readonly string[]

  constructor(notificationId: string, fields: readonly string[]) {
    super(
      'idempotency-conflict',
      `the idempotency key belongs to notification ${notificationId}, whose request differs in ${fields.join(', ')}: use another key`,
    )
    this.notificationId = notificationId
    this.fields = fields
  }
}

/** Options of a `SendError` beside its kind and message. */
export interface SendErrorOptions extends ErrorOptions {
  readonly code?: string | number | undefined
  /** Milliseconds. */
  readonly retryAfter?: number | undefined
  readonly field?: string | undefined
}

/** A provider could not send. Its kind decides what the cascade does next. Messages must hold no secrets. */
export class SendError extends OmnicascadeError {
  override readonly name = 'SendError'
  readonly kind: FailureKind
  readonly vendorCode: string | undefined
  readonly retryAfter: number | undefined
  readonly field: string | undefined

  constructor(kind: FailureKind, message: string, options: SendErrorOptions = {}) {
    super('send-failed', message, options)
    this.kind = kind
    this.vendorCode = options.code === undefined ? undefined : String(options.code)
    // It came from a vendor, and a record holds JSON.
    this.retryAfter = Number.isFinite(options.retryAfter) ? Math.max(0, options.retryAfter!) : undefined
    this.field = options.field
  }

  /** As a record keeps it. */
  toFailure(): Failure {
    return {
      kind: this.kind,
      message: this.message,
      ...(this.vendorCode !== undefined && { code: this.vendorCode }),
      ...(this.field !== undefined && { field: this.field }),
      ...(this.retryAfter !== undefined && { retryAfter: this.retryAfter }),
    }
  }
}

/** Where in a template something is wrong. */
export interface TemplatePlace {
  readonly template: string
  readonly channel?: Channel | undefined
  readonly locale?: string | undefined
  /** The field of the content, for example `subject`. */
  readonly field?: string | undefined
  readonly variable?: string | undefined
}

/** A template is wrong, or cannot be rendered; `place` names template, channel, locale, field and variable. */
export class TemplateError extends OmnicascadeError {
  override readonly name = 'TemplateError'
  readonly place: TemplatePlace

  constructor(message: string, place: TemplatePlace, options?: ErrorOptions) {
    const where = [place.channel, place.locale, place.field].filter((part) => part !== undefined).join('.')
    super('template', `template "${place.template}"${where && ` (${where})`}: ${message}`, options)
    this.place = place
  }
}

/** A webhook body, or one event of it, is not what the vendor documents. Never echoes values. */
export class WebhookParseError extends OmnicascadeError {
  override readonly name = 'WebhookParseError'
  readonly source: string
  /** Dotted path to the value at fault; empty for the whole body. */
  readonly path: string
  /** Of the first character that is not JSON, counted from 1. */
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(
    source: string,
    message: string,
    place: { readonly path?: string | undefined; readonly line?: number | undefined; readonly column?: number | undefined } = {},
    options?: ErrorOptions,
  ) {
    const where =
      place.line === undefined ? (place.path ? ` at ${place.path}` : '') : ` at line ${place.line}, column ${place.column}`
    super('webhook-parse', `${source} webhook${where}: ${message}`, options)
    this.source = source
    this.path = place.path ?? ''
    this.line = place.line
    this.column = place.column
  }
}

/** A webhook does not come from the vendor it claims to come from, or is too old. */
export class WebhookVerificationError extends OmnicascadeError {
  override readonly name = 'WebhookVerificationError'
  /** The vendor sends it again with a proof if it is answered with a 500, and not with a 401. */
  readonly sendAgain: boolean

  constructor(message: string, { sendAgain = false, ...options }: ErrorOptions & { readonly sendAgain?: boolean } = {}) {
    super('webhook-verification', message, options)
    this.sendAgain = sendAgain
  }
}

/** A stream could not be read: HTTP, framing, or a record that is not what the vendor documents. */
export class StreamError extends OmnicascadeError {
  override readonly name = 'StreamError'
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined
  /** Number of the record at fault, counted from 1, and the byte offset at which it starts. */
  readonly record: number | undefined
  readonly offset: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    place: {
      readonly status?: number | undefined
      readonly record?: number | undefined
      readonly offset?: number | undefined
    } = {},
    options?: ErrorOptions,
  ) {
    super(code, message, options)
    this.status = place.status
    this.record = place.record
    this.offset = place.offset
  }
}
