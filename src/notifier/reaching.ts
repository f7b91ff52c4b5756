import { addressFor, serves } from '../cascade/address.ts'
import type { ChannelProvider } from '../contract/provider.ts'
import type { NotificationRecord, StepRecord } from '../contract/record.ts'

/** The providers that may serve a step, and have an address of the recipient for one of its channels. */
export function reaching(
  providers: readonly ChannelProvider[],
  step: StepRecord,
  { to }: NotificationRecord,
): readonly ChannelProvider[] {
  const channels = step.delegated ?? [step.channel]
  return providers.filter(
    (provider) => serves(provider, step) && channels.some((channel) => addressFor(provider, channel, to) !== undefined),
  )
}
