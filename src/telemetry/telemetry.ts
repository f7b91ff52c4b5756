import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import type { Telemetry } from '../contract/telemetry.ts'
import { createMeters } from './meters.ts'
import { createSpans } from './spans.ts'

/** Options of `openTelemetry`. */
export interface OpenTelemetryOptions {
  /** Default: one named `omnicascade` of the process's tracer provider. */
  readonly tracer?: Tracer
  /** Default: one named `omnicascade` of the process's meter provider, which must have been set up by then. */
  readonly meter?: Meter
}

/** Spans and metrics of a notifier, with nothing personal in them: `createNotifier({ telemetry: openTelemetry() })`. */
export function openTelemetry({
  tracer = trace.getTracer('omnicascade'),
  meter = metrics.getMeter('omnicascade'),
}: OpenTelemetryOptions = {}): Telemetry {
  const spans = createSpans(tracer)
  const meters = createMeters(meter)
  return {
    send: (take) => spans.send((kept) => meters.send(() => take(kept))),
    call: (call, make) => spans.call(call, () => meters.call(call, make)),
    hear(event, record) {
      meters.hear(event, record)
      spans.hear(event, record)
    },
  }
}
