export type * from './contract/channel.ts'
export * from './contract/errors.ts'
