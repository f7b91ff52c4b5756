export { StreamError } from '../contract/errors.ts'
export type { SambaRecordOptions } from './batches.ts'
export { createSambaClient, type SambaClient, type SambaClientOptions, type SambaExportOptions } from './client.ts'
export type {
  SambaFlow,
  SambaOneOff,
  SambaOtherSource,
  SambaRef,
  SambaSms,
  SambaSmsEvent,
  SambaStatus,
} from './events.ts'
export type { SambaEvents } from './iterate.ts'
export { parseSambaEvents, type SambaParseOptions, type SambaSource } from './parse-events.ts'
export { type SambaKeyParts, type SambaReceiptOptions, sambaKey, sambaReceipts } from './receipts.ts'
