import { context, type Link, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { openTelemetry } from 'omnicascade/telemetry'

// As an app's SDK does.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

/** A data point, as a test reads it. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: unknown
}

/** The SDK with exporters in memory, and telemetry on it. */
export function sdk({ sampler }: { readonly sampler?: Sampler } = {}) {
  const exporter = new InMemorySpanExporter()
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...(sampler && { sampler }) })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 2 ** 31 - 1 })
  const meters = new MeterProvider({ readers: [reader] })
  const tracer = tracers.getTracer('app')
  const spans = () => exporter.getFinishedSpans()
  async function metrics() {
    metricExporter.reset()
    await reader.forceFlush()
    return metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  }
  return {
    telemetry: () => openTelemetry({ tracer: tracers.getTracer('omnicascade'), meter: meters.getMeter('omnicascade') }),
    spans,
    /** The only span of this name. */
    span(name: string): ReadableSpan {
      const found = spans().filter((span) => span.name === name)
      if (found.length !== 1) throw new Error(`${found.length} spans are named ${name}: ${spans().map((span) => span.name)}`)
      return found[0]!
    },
    /** As the app's own instrumentation does; gives what `run` gives. */
    within: <T>(name: string, run: () => Promise<T>): Promise<T> =>
      tracer.startActiveSpan(name, async (span) => {
        try {
          return await run()
        } finally {
          span.end()
        }
      }),
    active: () => trace.getActiveSpan()?.spanContext().spanId,
    metrics,
    /** The data points of a metric; a histogram's value is its count and sum. */
    async points(name: string): Promise<readonly Point[]> {
      const found = (await metrics()).filter(({ descriptor }) => descriptor.name === name)
      return found.flatMap(({ dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const { count, sum } = typeof value === 'object' && 'sum' in value ? value : {}
          return { attributes, value: count === undefined ? value : { count, sum } }
        }),
      )
    },
  }
}

/** Each span's name with that of its parent, `(elsewhere)` where that was not exported. */
export function tree(spans: readonly ReadableSpan[]): readonly string[] {
  const nameOf = (id: string) => spans.find((span) => span.spanContext().spanId === id)?.name ?? '(elsewhere)'
  return spans.map(({ name, parentSpanContext }) => (parentSpanContext ? `${nameOf(parentSpanContext.spanId)} > ${name}` : name))
}

/** Of a span's links, the spans that they lead to. */
export function linked(links: readonly Link[]): readonly string[] {
  return links.map((link) => link.context.spanId)
}
