import { readFileSync } from 'node:fs'
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import { accept, fail, scriptedProvider } from 'omnicascade/testing'
import { expect, test } from 'vitest'
import { world } from '../support/world.ts'
import { eventful } from './personal.ts'
import { sdk } from './sdk.ts'

const root = new URL('../../', import.meta.url)
const text = (path: string) => readFileSync(new URL(path, root), 'utf8')

/** Everything that can be counted, happening. */
async function busy() {
  const o = sdk()
  const w = eventful({ telemetry: o.telemetry() })
  await w.tell()
  await w.send(['email'], {})
  await w.to(62)
  await w.receipt('email', 'delivered', 'n2.0.0')
  return o
}

test('sends are counted by channel, provider and kind of failure', async () => {
  const o = await busy()
  expect(await o.points('omnicascade.sends')).toEqual(
    [
      ['push', 'failed', 'recipient'],
      ['viber', 'failed', 'content'],
      ['email', 'accepted'],
      ['sms', 'failed', 'configuration'],
    ].map(([channel, status, kind]) => ({
      attributes: {
        'omnicascade.channel': channel,
        'omnicascade.provider': channel,
        'omnicascade.status': status,
        ...(kind && { 'error.type': kind }),
      },
      value: status === 'accepted' ? 2 : 1,
    })),
  )
})

test('fallbacks are counted by cause, from channel to channel; the last step falls back to none', async () => {
  const o = await busy()
  const rows = (await o.points('omnicascade.fallbacks')).map(({ attributes, value }) => [...Object.values(attributes), value])
  expect(rows).toEqual([
    ['push', 'viber', 'recipient', 1],
    ['viber', 'whatsapp', 'content', 1],
    ['whatsapp', 'email', 'vetoed', 1],
    ['email', 'sms', 'timed-out', 1],
  ])
})

test('that an address is suppressed is a cause of its own', async () => {
  const o = sdk()
  const suppression = { isSuppressed: ({ channel }: { channel: string }) => channel === 'sms' }
  const w = world([scriptedProvider({ channels: ['sms', 'email'] })], { telemetry: o.telemetry(), suppression })
  await w.send(['sms', 'email'])
  await w.to(1)
  const [fallback] = await o.points('omnicascade.fallbacks')
  expect(fallback?.attributes['omnicascade.cause']).toBe('vetoed: suppressed')
})

test('outcomes are counted, and how long a delivery took from the moment at which it might be sent', async () => {
  const o = sdk()
  const w = world([scriptedProvider({ channels: ['sms'], replies: [accept(), fail('content')] })], { telemetry: o.telemetry() })
  await w.send(['sms'], { sendAt: 60_000 })
  await w.to(61)
  await w.to(72.5)
  await w.receipt('sms', 'delivered', 'n1.0.0')
  await w.send(['sms'])
  await w.to(80)
  const delivered = { 'omnicascade.channel': 'sms', 'omnicascade.assumed': false }
  expect(await o.points('omnicascade.outcomes')).toEqual([
    { attributes: { 'omnicascade.status': 'delivered', ...delivered }, value: 1 },
    { attributes: { 'omnicascade.status': 'failed', 'omnicascade.assumed': false }, value: 1 },
  ])
  expect(await o.points('omnicascade.delivery.duration')).toEqual([
    { attributes: { ...delivered, 'omnicascade.provider': 'sms' }, value: { count: 1, sum: 12.5 } },
  ])
})

test('receipts are counted once for each thing they say, those that found no attempt too', async () => {
  const o = await busy()
  const rows = (await o.points('omnicascade.receipts')).map(({ attributes, value }) => [
    attributes['omnicascade.status'],
    attributes['omnicascade.result'],
    value,
  ])
  expect(rows).toEqual([
    ['clicked', 'applied', 1],
    ['failed', 'applied', 1],
    ['delivered', 'parked', 1],
    ['delivered', 'unmatched', 1],
    ['delivered', 'applied', 1],
  ])
})

test('a circuit is closed from its first call, open while it is open, and closed again', async () => {
  const o = sdk()
  const sms = scriptedProvider({ channels: ['sms'], receipts: 'none', replies: [accept(), fail('configuration'), accept()] })
  const w = world([sms], { telemetry: o.telemetry() })
  const state = async () => (await o.points('omnicascade.circuit.open')).map(({ value }) => value)
  expect(await state()).toEqual([])
  await w.send(['sms'])
  await w.to(1)
  expect(await state()).toEqual([0])
  await w.send(['sms'])
  await w.to(2)
  expect(await state()).toEqual([1])
  await w.send(['sms'])
  await w.to(60)
  expect(await state()).toEqual([0])
})

test('calls and sends are timed as the conventions for messaging say', async () => {
  const o = await busy()
  const points = await o.points('messaging.client.operation.duration')
  const told = points.map(({ attributes }) => [
    attributes['messaging.operation.name'],
    attributes['messaging.destination.name'],
    attributes['error.type'],
  ])
  expect(told).toEqual([
    ['create', undefined, undefined],
    ['send', 'push', 'recipient'],
    ['send', 'viber', 'content'],
    ['send', 'email', undefined],
    ['send', 'sms', 'configuration'],
  ])
  for (const { value } of points) expect((value as { sum: number }).sum).toBeLessThan(10)
})

test('the page on telemetry lists every metric, with its unit and attributes', async () => {
  const rows = [...text('docs/telemetry.md').matchAll(/^\| `([a-z.]+)` \| (\w+) \| `([^`]+)` \| (.*?) \|/gm)]
  const documented = Object.fromEntries(
    rows.map(([, name, , unit, attributes]) => [
      name,
      { unit, attributes: [...attributes!.matchAll(/`([a-z_.]+)`/g)].map(([, key]) => key).sort() },
    ]),
  )
  const emitted = (await (await busy()).metrics()).map(({ descriptor, dataPoints }) => {
    const keys = new Set(dataPoints.flatMap(({ attributes }) => Object.keys(attributes)))
    return [descriptor.name, { unit: descriptor.unit, attributes: [...keys].sort() }]
  })
  expect(documented).toEqual(Object.fromEntries(emitted))
})

/** What Prometheus calls a metric of OpenTelemetry, and its labels. */
function seriesOf({ descriptor: { name, unit }, dataPointType }: MetricData): readonly string[] {
  const base = `${name.replaceAll('.', '_')}${unit === 's' ? '_seconds' : ''}`
  if (dataPointType === DataPointType.HISTOGRAM) return ['bucket', 'sum', 'count'].map((part) => `${base}_${part}`)
  return [dataPointType === DataPointType.SUM ? `${base}_total` : base]
}

test('the dashboard asks for metrics and labels that are emitted, and for each of them', async () => {
  const dashboard = JSON.parse(text('docs/grafana/omnicascade.json'))
  const metrics = await (await busy()).metrics()
  const series = metrics.flatMap(seriesOf)
  const labels = new Set(metrics.flatMap(({ dataPoints }) => dataPoints.flatMap(({ attributes }) => Object.keys(attributes))))
  const known = new Set(['__name__', ...[...labels].map((label) => label.replaceAll('.', '_')), 'le', 'job'])
  const panels = dashboard.panels.flatMap((panel: { panels?: object[] }) => [panel, ...(panel.panels ?? [])])
  const queries: string[] = panels.flatMap((panel: { targets?: { expr: string }[] }) =>
    (panel.targets ?? []).map(({ expr }) => expr.replace('(_seconds)?', '_seconds')),
  )
  const variables: string[] = dashboard.templating.list.flatMap(({ definition }: { definition?: string }) => definition ?? [])
  const asked = new Set([...queries, ...variables].flatMap((query) => query.match(/\b(?:omnicascade|messaging)_\w+/g) ?? []))
  const unknown = [...asked].filter((name) => !series.includes(name) && !known.has(name))
  expect(queries.length).toBeGreaterThan(5)
  expect(unknown).toEqual([])
  for (const metric of metrics)
    expect(
      seriesOf(metric).some((name) => asked.has(name)),
      metric.descriptor.name,
    ).toBe(true)
  const filtered = queries.flatMap((query) => [...query.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!))
  const grouped = queries.flatMap((query) => [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(/,\s*/)))
  expect([...filtered, ...grouped].filter((label) => !known.has(label))).toEqual([])
})
