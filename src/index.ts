export { formatTimeline } from './cascade/format-timeline.ts'
export type { Address, AddressKey, Channel, Recipient, WebPushSubscription } from './contract/channel.ts'
export type {
  ApprovedTemplate,
  Button,
  Content,
  ContentByChannel,
  EmailContent,
  MessengerContent,
  PushContent,
  SmsContent,
  TelegramContent,
  VendorFields,
  WhatsAppContent,
} from './contract/content.ts'
export type { ErrorCode } from './contract/error-codes.ts'
export {
  IdempotencyConflictError,
  isOmnicascadeError,
  OmnicascadeError,
  RequestError,
  SendError,
  type SendErrorOptions,
  TemplateError,
  type TemplatePlace,
  WebhookParseError,
  WebhookVerificationError,
} from './contract/errors.ts'
export type {
  CancelAnswer,
  CascadeEvents,
  NotifierEvent,
  NotifierEvents,
  OperatorEvents,
  TimelineEntry,
} from './contract/events.ts'
export type { Failure, FailureKind } from './contract/failure.ts'
export type { Awaitable, JsonObject, JsonValue } from './contract/json.ts'
export type { LinkContext, LinkRewriter, ShortenedText, Shortener } from './contract/links.ts'
export type { Cost, Price, PricedMessage, PriceOf } from './contract/price.ts'
export type {
  CallContext,
  CancelRequest,
  ChannelProvider,
  PollRequest,
  ProviderLimits,
  ReceiptSupport,
  SendPart,
  SendRequest,
  SendResult,
} from './contract/provider.ts'
export type { DeliveryStatus, IngestReport, Receipt, ReceiptSink, ReceiptStatus } from './contract/receipt.ts'
export type {
  AttemptRecord,
  Message,
  NotificationRecord,
  OnUnknown,
  Outcome,
  RetryPolicy,
  StepOutcome,
  StepReason,
  StepRecord,
  StepState,
  Until,
} from './contract/record.ts'
export type { CascadeOrder, NotificationRequest, RequestRules, StepInput, StepRules } from './contract/request.ts'
export type { NotificationStore, Scheduler, SqlTransaction } from './contract/store.ts'
export { StoreError, type StoreFault } from './contract/store-error.ts'
export type { Suppression, SuppressionList, SuppressionReason } from './contract/suppression.ts'
export type { Taken, Telemetry, TelemetryCall, TelemetryCallEnd, TraceContext } from './contract/telemetry.ts'
export type { Issue, SmsPolicy, Template } from './contract/template.ts'
export type { Clock, Duration, Moment, Window } from './contract/time.ts'
export type { WakeUp } from './contract/wake-up.ts'
export type { ParsedWebhook, WebhookAnswer, WebhookRequest, WebhookSource } from './contract/webhook.ts'
export type { BeforeSend } from './notifier/begin.ts'
export { createNotifier } from './notifier/create-notifier.ts'
export type { DeliveryTimes } from './notifier/delivery-times.ts'
export type { CostExplanation, Explanation, StepExplanation } from './notifier/explain.ts'
export { type MemoryStoreOptions, memoryStore } from './notifier/memory-store.ts'
export type { Accepted, Categorised, Notifier, NotifierOptions } from './notifier/notifier.ts'
export type { Reliability, ReliabilityQuestion } from './notifier/ordering.ts'
export type { Routing } from './notifier/pool.ts'
export type { SendManyOptions, SendManyResult } from './notifier/send-many.ts'
export type { ContentSource, ContentSources } from './templates/content-source.ts'
export { defineTemplate, type TemplateDefinition } from './templates/define-template.ts'
export type { CompiledText, Escape, MissingVariable, TemplateEngine } from './templates/engine.ts'
export type { SchemaInput, SchemaOutput, StandardSchema } from './templates/standard-schema.ts'
export type { SegmentCount } from './text/sms.ts'
