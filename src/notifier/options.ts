import type { Report } from '../cascade/checks.ts'
import { isTimeZone, noZone } from '../cascade/window.ts'
import { type Channel, channels, noChannel } from '../contract/channel.ts'
import { durationForm, millisecondsOf } from '../contract/duration.ts'
import { RequestError } from '../contract/errors.ts'
import type { ChannelProvider, ReceiptSupport } from '../contract/provider.ts'
import { noPrices, orders } from '../contract/request.ts'
import type { Issue } from '../contract/template.ts'
import type { NotifierOptions } from './notifier.ts'
import type { Routing } from './pool.ts'

// The options, and those within some of them.
const known = {
  '': 'providers prices reliability store scheduler templates defaults retry routing categories breaker links beforeSend suppression onSettled callProviders concurrency parkFor keepFor telemetry clock random createId',
  defaults: 'within timeZone locale sms order',
  retry: 'attempts baseDelay maxDelay',
  breaker: 'threshold coolDown',
} as const
const countForm = 'is not a whole number of at least 1'
const isDuration = (value: unknown) => millisecondsOf(value) !== undefined
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1
const supports: readonly ReceiptSupport[] = ['none', 'failures', 'full']

/** Throws one `RequestError` that lists every option that cannot work. */
export function checkOptions(options: NotifierOptions<readonly ChannelProvider[], string>): void {
  const issues: Issue[] = []
  const report: Report = (path, message) => issues.push({ path, message })
  /** Options that are left out are right. */
  const check = (from: unknown, paths: readonly string[], isValid: (value: unknown) => boolean, message: string, prefix = '') => {
    for (const path of paths) {
      const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], from)
      if (value !== undefined && !isValid(value)) report(`${prefix}${path}`, message)
    }
  }

  for (const [path, names] of Object.entries(known) as [keyof typeof known, string][]) {
    const there = names.split(' ')
    for (const key of Object.keys((path === '' ? options : options?.[path]) ?? {}))
      if (!there.includes(key)) report(path === '' ? key : `${path}.${key}`, `is unknown: there are ${there.join(', ')}`)
  }
  const isStore = (value: unknown) => hasFunctions(value, ['insert', 'get', 'update', 'findByKey', 'due', 'nextDueAt', 'prune'])
  const isScheduler = (value: unknown) => value === 'manual' || hasFunctions(value, ['wakeAt', 'start', 'stop'])
  check(options, ['store'], isStore, 'is no store: give what memoryStore(), sqlite(), postgres() or redis() made')
  check(options, ['scheduler'], isScheduler, "is no scheduler: give what pgBoss() or bullmq() made, or 'manual'")
  const areNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
  check(options, ['categories'], areNames, 'is no list of names')
  const isList = (value: unknown) => hasFunctions(value, ['isSuppressed'])
  check(options, ['suppression'], isList, 'is no suppression list: it needs isSuppressed()')
  const isTelemetry = (value: unknown) => hasFunctions(value, ['send', 'call', 'hear'])
  check(options, ['telemetry'], isTelemetry, 'is no telemetry: give what openTelemetry() made')
  if (options?.callProviders === false && options.store?.shared !== true)
    report('callProviders', 'is false, but no other process shares the store: nothing would ever be sent')
  const providers: readonly ChannelProvider[] = Array.isArray(options?.providers) ? options.providers : []
  if (providers.length === 0) report('providers', 'is empty: give at least one')
  const names = new Set<string>()
  for (const [index, provider] of providers.entries()) {
    const path = `providers[${index}]`
    const name = provider?.name
    if (typeof provider === 'function') {
      report(path, `is a function: call it, as in ${name}({ … })`)
      continue
    }
    if (typeof provider?.send !== 'function' || !name) report(path, 'is no provider: it needs a name and send()')
    else if (names.has(name)) report(path, `is the second one named "${name}": give each its own`)
    names.add(name)
    checkChannels(provider, path, report)
    check(provider, ['timeout', 'pollEvery', 'limits.rate.per'], isDuration, durationForm, `${path}.`)
    check(provider, ['limits.rate.count', 'limits.concurrency'], isCount, countForm, `${path}.`)
  }
  for (const [name, price] of Object.entries(options?.prices ?? {})) {
    if (!names.has(name)) report(`prices.${name}`, 'is not the name of a provider')
    if (typeof price !== 'function')
      report(`prices.${name}`, 'is no price: give what priceList() made, or a function of your own')
  }
  for (const [channel, route] of Object.entries(options?.routing ?? {})) {
    if (!isChannel(channel)) report(`routing.${channel}`, noChannel)
    checkRoute(route, names, `routing.${channel}`, report)
    if (route === 'cheapest' && !options.prices) report(`routing.${channel}`, noPrices)
  }
  const within = options?.defaults?.within
  const waits = typeof within === 'object' ? Object.keys(within ?? {}) : undefined
  for (const channel of waits ?? []) if (!isChannel(channel)) report(`defaults.within.${channel}`, noChannel)
  check(options, waits?.map((channel) => `defaults.within.${channel}`) ?? ['defaults.within'], isDuration, durationForm)
  check(options, ['retry.baseDelay', 'retry.maxDelay', 'breaker.coolDown', 'parkFor', 'keepFor'], isDuration, durationForm)
  check(options, ['retry.attempts', 'breaker.threshold', 'concurrency'], isCount, countForm)
  check(options, ['defaults.timeZone'], isTimeZone, noZone)
  check(options, ['defaults.order'], (value) => (orders as readonly unknown[]).includes(value), `is none of ${orders.join(', ')}`)
  if (options?.defaults?.order === 'cheapest' && !options.prices) report('defaults.order', noPrices)
  check(options, ['reliability'], (value) => typeof value === 'function', 'is no function')
  if (issues.length > 0) throw new RequestError('the notifier cannot be created', issues, 'invalid-options')
}

function checkChannels(provider: ChannelProvider, path: string, report: Report): void {
  if (!Array.isArray(provider?.channels) || provider.channels.length === 0)
    return report(`${path}.channels`, 'is empty: give at least one')
  for (const channel of provider.channels)
    if (!isChannel(channel)) report(`${path}.channels`, `names "${channel}", which ${noChannel}`)
  const { receipts } = provider
  const declared: readonly unknown[] = typeof receipts === 'object' && receipts !== null ? Object.values(receipts) : [receipts]
  if (!declared.every((support) => supports.includes(support as ReceiptSupport)))
    report(`${path}.receipts`, `is none of ${supports.join(', ')}, nor one of them for each channel`)
}

function checkRoute(route: Routing | undefined, names: ReadonlySet<string>, path: string, report: Report): void {
  if (route === undefined || route === 'in-order' || route === 'round-robin' || route === 'cheapest') return
  if (typeof route?.weights !== 'object') return report(path, "is none of 'in-order', 'round-robin', 'cheapest' and { weights }")
  for (const [name, weight] of Object.entries(route.weights ?? {})) {
    if (!names.has(name)) report(`${path}.weights.${name}`, 'is not the name of a provider')
    if (!(Number.isFinite(weight) && weight >= 0)) report(`${path}.weights.${name}`, 'is not a number of at least 0')
  }
}

function isChannel(value: string): value is Channel {
  return (channels as readonly string[]).includes(value)
}

function hasFunctions(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  )
}
