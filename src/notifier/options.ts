import type { Report } from '../cascade/checks.ts'
import { isTimeZone } from '../cascade/window.ts'
import { type Channel, channels } from '../contract/channel.ts'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import { RequestError } from '../contract/errors.ts'
import type { ChannelProvider, ReceiptSupport } from '../contract/provider.ts'
import type { Issue } from '../contract/template.ts'
import type { NotifierOptions } from './notifier.ts'
import type { Routing } from './pool.ts'

const supports: readonly ReceiptSupport[] = ['none', 'failures', 'full']

/** Throws one `RequestError` that lists every option that cannot work. */
export function checkOptions(options: NotifierOptions<readonly ChannelProvider[]>): void {
  const issues: Issue[] = []
  const report: Report = (path, message) => issues.push({ path, message })
  const duration = (value: unknown, path: string) => {
    if (value !== undefined && millisecondsOf(value) === undefined) report(path, durationForm)
  }
  const atLeastOne = (value: unknown, path: string) => {
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 1))
      report(path, 'is not a whole number of at least 1')
  }

  const providers: readonly ChannelProvider[] = Array.isArray(options?.providers) ? options.providers : []
  if (providers.length === 0) report('providers', 'is empty: give at least one provider')
  const names = new Set<string>()
  for (const [index, provider] of providers.entries()) {
    const path = `providers[${index}]`
    if (typeof provider?.send !== 'function' || !provider.name)
      report(path, 'is no provider: it needs a name and a send function')
    else if (names.has(provider.name)) report(path, `is the second one named "${provider.name}": give each its own \`name\``)
    names.add(provider?.name)
    checkChannels(provider, path, report)
    duration(provider?.timeout, `${path}.timeout`)
    duration(provider?.limits?.rate?.per, `${path}.limits.rate.per`)
    atLeastOne(provider?.limits?.rate?.count, `${path}.limits.rate.count`)
    atLeastOne(provider?.limits?.concurrency, `${path}.limits.concurrency`)
  }
  for (const [channel, route] of Object.entries(options?.routing ?? {})) {
    if (!isChannel(channel)) report(`routing.${channel}`, `is none of ${channels.join(', ')}`)
    checkRoute(route, names, `routing.${channel}`, report)
  }
  const within = options?.defaults?.within
  if (typeof within !== 'object') duration(within, 'defaults.within')
  else {
    for (const [channel, value] of Object.entries(within ?? {})) {
      if (!isChannel(channel)) report(`defaults.within.${channel}`, `is none of ${channels.join(', ')}`)
      duration(value, `defaults.within.${channel}`)
    }
  }
  const zone = options?.defaults?.timeZone
  if (zone !== undefined && !isTimeZone(zone)) report('defaults.timeZone', 'is not an IANA time zone, such as Europe/Prague')
  atLeastOne(options?.retry?.attempts, 'retry.attempts')
  duration(options?.retry?.baseDelay, 'retry.baseDelay')
  duration(options?.retry?.maxDelay, 'retry.maxDelay')
  atLeastOne(options?.breaker?.threshold, 'breaker.threshold')
  duration(options?.breaker?.coolDown, 'breaker.coolDown')
  duration(options?.parkFor, 'parkFor')
  if (issues.length > 0) throw new RequestError('the notifier cannot be created', issues, 'invalid-options')
}

function checkChannels(provider: ChannelProvider, path: string, report: Report): void {
  if (!Array.isArray(provider?.channels) || provider.channels.length === 0)
    return report(`${path}.channels`, 'is empty: name at least one channel')
  for (const channel of provider.channels)
    if (!isChannel(channel)) report(`${path}.channels`, `names "${channel}", which is none of ${channels.join(', ')}`)
  const { receipts } = provider
  const declared: readonly unknown[] = typeof receipts === 'object' && receipts !== null ? Object.values(receipts) : [receipts]
  if (!declared.every((support) => supports.includes(support as ReceiptSupport)))
    report(`${path}.receipts`, `is none of ${supports.join(', ')}, nor one of them for each channel`)
}

function checkRoute(route: Routing | undefined, names: ReadonlySet<string>, path: string, report: Report): void {
  if (route === undefined || route === 'in-order' || route === 'round-robin') return
  if (typeof route?.weights !== 'object') return report(path, "is none of 'in-order', 'round-robin' and { weights }")
  for (const [name, weight] of Object.entries(route.weights ?? {})) {
    if (!names.has(name)) report(`${path}.weights.${name}`, 'is not the name of a provider')
    if (!(Number.isFinite(weight) && weight >= 0)) report(`${path}.weights.${name}`, 'is not a number of at least 0')
  }
}

function isChannel(value: string): value is Channel {
  return (channels as readonly string[]).includes(value)
}
