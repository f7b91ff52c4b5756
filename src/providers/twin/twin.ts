export type { TwinCallOptions } from './api.ts'
export type { TwinBulk, TwinBulkResult } from './bulk.ts'
export { parseTwinCallback, type TwinCallback, type TwinStatus } from './callback.ts'
export type { TwinChatOptions } from './channel-fields.ts'
export type {
  TwinChatAnswer,
  TwinChatMessage,
  TwinChatMessageFilter,
  TwinChatMessageInput,
  TwinChatSession,
  TwinChatSessionFilter,
  TwinChatSessionInput,
  TwinChatSessions,
} from './chat-sessions.ts'
export { createTwinClient, type TwinBaseUrls, type TwinClient, type TwinClientOptions, twinBaseUrls } from './client.ts'
export type { TwinFile } from './files.ts'
export type {
  TwinChannelFields,
  TwinChannels,
  TwinDestination,
  TwinIds,
  TwinItemError,
  TwinMessage,
  TwinMessageFilter,
  TwinMessageIds,
  TwinMessageItem,
  TwinMessageResult,
  TwinScalar,
  TwinSendRequest,
  TwinTimeRange,
} from './message-types.ts'
export type { TwinMessages } from './messages.ts'
export type { TwinList, TwinListQuery, TwinPage } from './paging.ts'
export type { TwinPhoneCheck, TwinPhoneCheckRequest, TwinPhoneChecks } from './phone-checks.ts'
export { type TwinOptions, type TwinSendOptions, twin } from './provider.ts'
export type { TwinCredentials } from './session.ts'
export type { TwinShortLink, TwinShortLinkFilter, TwinShortLinks } from './short-links.ts'
export type { TwinTask, TwinTaskFilter, TwinTaskInput, TwinTasks } from './tasks.ts'
export type { TwinTemplate, TwinTemplateFilter, TwinTemplateInput, TwinTemplates } from './templates.ts'
export type { TwinVendorFields } from './vendor-fields.ts'
export { type TwinWebhookOptions, twinWebhook } from './webhook.ts'
