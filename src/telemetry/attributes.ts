import type { Attributes } from '@opentelemetry/api'
import { OmnicascadeError } from '../contract/errors.ts'
import type { AttemptRecord } from '../contract/record.ts'
import type { TelemetryCall, TelemetryCallEnd } from '../contract/telemetry.ts'
import { failureFields } from './fields.ts'

type Values = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>

/** Attributes of ours: `retryAt` becomes `omnicascade.retry_at`; what is null or undefined is left out. */
export function own(values: Values): Attributes {
  const attributes: Attributes = {}
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    attributes[`omnicascade.${snake}`] = value as string
  }
  return attributes
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
  const { kind, code } = failureFields(called.failure)
  return { ...own({ status: 'failed', code }), 'error.type': kind! }
}

/** Why a `send` rejected, in a word of ours. */
export function errorTypeOf(error: unknown): string {
  return OmnicascadeError.is(error) ? error.code : '_OTHER'
}
