import { millisecondsOf } from '../cascade/duration.ts'
import { isTimeZone } from '../cascade/window.ts'
import { type Channel, channels } from '../contract/channel.ts'
import { RequestError } from '../contract/errors.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { Issue } from '../contract/template.ts'
import type { NotifierOptions } from './notifier.ts'

/** Throws one `RequestError` that lists every option that cannot work. */
export function checkOptions(options: NotifierOptions<readonly ChannelProvider[]>): void {
  const issues: Issue[] = []
  const report = (path: string, message: string) => issues.push({ path, message })
  const duration = (value: unknown, path: string) => {
    if (value !== undefined && millisecondsOf(value) === undefined)
      report(path, "is not a duration: give milliseconds or '90s', '2m', '1.5h', '3d'")
  }
  const atLeastOne = (value: unknown, path: string) => {
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 1))
      report(path, 'is not a whole number of at least 1')
  }

  if (!Array.isArray(options?.providers) || options.providers.length === 0)
    report('providers', 'is empty: give at least one provider')
  const names = new Set<string>()
  for (const [index, provider] of (options?.providers ?? []).entries()) {
    const path = `providers[${index}]`
    if (typeof provider?.send !== 'function' || !provider.name)
      report(path, 'is no provider: it needs a name and a send function')
    else if (names.has(provider.name)) report(path, `is the second one named "${provider.name}": give each its own \`name\``)
    names.add(provider?.name)
    for (const channel of provider?.channels ?? [])
      if (!isChannel(channel)) report(`${path}.channels`, `names "${channel}", which is none of ${channels.join(', ')}`)
    duration(provider?.timeout, `${path}.timeout`)
    duration(provider?.limits?.rate?.per, `${path}.limits.rate.per`)
    atLeastOne(provider?.limits?.rate?.count, `${path}.limits.rate.count`)
    atLeastOne(provider?.limits?.concurrency, `${path}.limits.concurrency`)
  }
  for (const channel of Object.keys(options?.routing ?? {}))
    if (!isChannel(channel)) report(`routing.${channel}`, `is none of ${channels.join(', ')}`)
  const within = options?.defaults?.within
  if (typeof within !== 'object') duration(within, 'defaults.within')
  else for (const [channel, value] of Object.entries(within)) duration(value, `defaults.within.${channel}`)
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

function isChannel(value: string): value is Channel {
  return (channels as readonly string[]).includes(value)
}
