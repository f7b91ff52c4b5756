import type { Attributes } from '@opentelemetry/api'
import { isOmnicascadeError } from '../contract/errors.ts'
import type { AttemptRecord } from '../contract/record.ts'
import type { TelemetryCall, TelemetryCallEnd } from '../contract/telemetry.ts'
import { failureFields } from './fields.ts'

type Values = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>

const names = new Map<string, string>()

/** Attributes of ours: `retryAt` becomes `omnicascade.retry_at`; what is null or undefined is left out. */
export function own(values: Values): Attributes {
  const attributes: Attributes = {}
  for (const name in values) {
    const value = values[name]
    if (value !== undefined && value !== null) attributes[names.get(name) ?? nameOf(name)] = value as string
  }
  return attributes
}

function nameOf(name: string): string {
  const snake = `omnicascade.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
  names.set(name, snake)
  return snake
}

/** What the conventions for messaging say of an operation. */
export function messaging(name: string, type: 'create' | 'send' | 'process', destination?: string): Attributes {
  return {
    'messaging.system': 'omnicascade',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    ...(destination !== undefined && { 'messaging.destination.name': destination }),
  }
}

/** The attempt of a call. */
export function attemptOf({ record, step, attempt }: TelemetryCall): AttemptRecord {
  return record.steps[step]!.attempts[attempt]!
}

/** How a call ended. */
export function endOf(called: Awaited<TelemetryCallEnd['ended']>): Attributes {
  if ('result' in called) return own({ status: 'accepted' })
  return own({ status: 'failed', code: failureFields(called.failure).code })
}

/** Why a `send` rejected, in a word of ours. */
export function errorTypeOf(error: unknown): string {
  return isOmnicascadeError(error) ? error.code : '_OTHER'
}
