/** Help for testing apps that notify: time that stands still, and vendors that do as they are told. */
export type { ContractCase, ExpectedFailure, Wire } from './http/checks.ts'
export type { Answer, VendorCall } from './http/vendor.ts'
export type { Outbox, SentMessage } from './outbox.ts'
export { type ProviderContract, providerContract } from './provider-contract.ts'
export {
  type ContractTime,
  type OpenedScheduler,
  type SchedulerContractCase,
  type SchedulerContractOptions,
  schedulerContract,
} from './scheduler-contract.ts'
export type { After, Script, ScriptLine } from './script.ts'
export {
  accept,
  fail,
  gate,
  hang,
  type Reply,
  type ScriptedProvider,
  type ScriptedProviderOptions,
  scriptedProvider,
} from './scripted-provider.ts'
export { type ShortenerContract, shortenerContract } from './shortener-contract.ts'
export { signInfobipWebhook } from './signers/infobip.ts'
export { signKannelWebhook } from './signers/kannel.ts'
export { signMailgunWebhook } from './signers/mailgun.ts'
export { signMessageBirdWebhook } from './signers/messagebird.ts'
export { signPostmarkWebhook } from './signers/postmark.ts'
export { signResendWebhook } from './signers/resend.ts'
export { sendgridKeys, signSendGridWebhook } from './signers/sendgrid.ts'
export { signSesWebhook, snsKeys } from './signers/ses.ts'
export { signSmscWebhook } from './signers/smsc.ts'
export { signTelegramGatewayWebhook } from './signers/telegram-gateway.ts'
export { signTurboSmsWebhook } from './signers/turbosms.ts'
export { signTwilioWebhook } from './signers/twilio.ts'
export { signViberWebhook } from './signers/viber.ts'
export { signVkWebhook } from './signers/vk.ts'
export { signVonageWebhook } from './signers/vonage.ts'
export { signWhatsAppCloudWebhook } from './signers/whatsapp-cloud.ts'
export type { Bin, Distribution } from './simulation/distribution.ts'
export { formatSimulation } from './simulation/format.ts'
export type { Simulation, Simulations } from './simulation/result.ts'
export type { Behaviour, Delay, Scenario } from './simulation/scenario.ts'
export { type SimulatedRequest, type SimulateOptions, simulate } from './simulation/simulate.ts'
export { type SimulationSvgOptions, simulationSvg } from './simulation/svg.ts'
export { type OpenedStore, type StoreContractCase, type StoreContractOptions, storeContract } from './store-contract.ts'
export { createTestNotifier, type TestNotifier, type TestNotifierOptions } from './test-notifier.ts'
export { type VirtualClock, virtualClock } from './virtual-clock.ts'
export {
  type UnsignedWebhook,
  type WebhookContract,
  type WebhookSample,
  type WebhookSignature,
  webhookContract,
} from './webhook-contract.ts'
