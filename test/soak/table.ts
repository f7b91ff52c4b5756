import { growthOf } from './memory.ts'
import { settings, vendorNames } from './script.ts'
import type { SoakResult } from './soak.ts'

/** A run's figures, for people. */
export function tableOf({ evidence, seconds, cpu }: SoakResult): string {
  const { sent, factor, tally, vendors, turns, memory, stalled } = evidence
  const sum = (of: (vendor: (typeof vendorNames)[number]) => number) => vendorNames.reduce((total, name) => total + of(name), 0)
  const calls = sum((name) => vendors[name].measured.calls)
  const events = (type: string) => tally.events[type] ?? 0
  const rows = vendorNames.map((name) => {
    const { measured, outages, hasty, repeated, posts, repeatedPosts } = vendors[name]
    const { rate, concurrency } = settings[name].limits
    const own = turns.filter((turn) => turn.vendor === name)
    return [
      name.padEnd(9),
      `calls ${measured.calls}`,
      `at a time ${measured.peak}/${concurrency}`,
      `per ${rate.per / factor} ms ${measured.densest}/${rate.count}`,
      `${rate.count + 1} within ${measured.tightest?.toFixed(0) ?? '-'} ms`,
      `outages ${outages.length}`,
      `opened ${own.filter(({ type }) => type === 'opened').length}, closed ${own.filter(({ type }) => type === 'closed').length}`,
      `posts ${posts}, ${repeatedPosts} repeated`,
      `same key again ${repeated}, hasty ${hasty}`,
    ].join('; ')
  })
  const faults: Record<string, number> = {}
  for (const name of vendorNames)
    for (const [kind, count] of Object.entries(vendors[name].faults)) faults[kind] = (faults[kind] ?? 0) + count
  const growth = (name: 'rss' | 'heap') => {
    const { growth: by, noise } = growthOf(memory, name)
    return `${name} ${memory.at(Math.floor(memory.length / 2))?.[name].toFixed(1)} MB at half, ${memory.at(-1)?.[name].toFixed(1)} MB at the end, ${by.toFixed(1)} MB by the slope (noise ${noise.toFixed(1)})`
  }
  return [
    `${sent} notifications in ${seconds.toFixed(0)} s: ${(sent / seconds).toFixed(0)}/s; ${calls} calls, ${(calls / seconds).toFixed(0)}/s; CPU of the app ${cpu.toFixed(0)} s, stood still for ${stalled.toFixed(0)} ms at the most`,
    `delivered ${count(tally.status, 1)}, not delivered ${count(tally.status, 2)}, duplicates ${count(tally.twice, 1)}, corrected ${events('notification.corrected')}`,
    `receipts ${events('attempt.receipt')}, parked ${events('receipt.parked')}, unmatched ${events('receipt.unmatched')}, timed out ${events('step.timed-out')}, held ${events('step.held')}`,
    ...rows,
    `faults: ${Object.entries(faults)
      .map(([kind, times]) => `${kind} ${times}`)
      .join(', ')}`,
    `memory: ${memory.length} samples${memory.length > 1 ? `; ${growth('rss')}; ${growth('heap')}` : ''}`,
  ].join('\n')
}

function count(bytes: Uint8Array, value: number): number {
  let found = 0
  for (const byte of bytes) if (byte === value) found++
  return found
}
