import type { VendorFields } from '../../contract/content.ts'
import { SendError } from '../../contract/errors.ts'
import type { TwinChannelFields, TwinDestination, TwinMessage } from './message-types.ts'

/** What a content may set for TWIN alone, under `vendor` by the provider's name (or `twin`). It wins over what the provider derives. */
export interface TwinVendorFields {
  /** In a delegated cascade: send on this channel even if an earlier one delivered. Its place on the wire is unverified. */
  readonly required?: boolean
  /** Fields of the channel object. `validityPeriod` is still held below the step's `within`. */
  readonly channel?: TwinChannelFields
  /** Fields of the destination, such as `platform`, `chatSessionId` or `variables`. */
  readonly destination?: TwinDestination
  /** Fields of the message. With a `templateId`, TWIN ignores `text`. */
  readonly message?: Pick<TwinMessage, 'templateId' | 'groupId' | 'useShortLinks' | 'allowedTimeRanges'>
}

const known: Readonly<Record<string, readonly string[] | 'object' | 'boolean'>> = {
  required: 'boolean',
  channel: 'object',
  destination: 'object',
  message: ['templateId', 'groupId', 'useShortLinks', 'allowedTimeRanges'],
}

/** The vendor fields of one channel's content. Throws a `content` `SendError` on a name that is not one of them. */
export function vendorFieldsOf({ vendor }: VendorFields, provider: string): TwinVendorFields {
  const owner = vendor?.[provider] ? provider : 'twin'
  const fields = vendor?.[owner] ?? {}
  for (const [name, value] of Object.entries(fields)) {
    const shape = known[name]
    const path = `vendor.${owner}.${name}`
    if (shape === undefined) throw unknownField(path, Object.keys(known))
    if (typeof value !== (shape === 'boolean' ? 'boolean' : 'object') || value === null || Array.isArray(value)) {
      throw new SendError('content', `${path} must be ${shape === 'boolean' ? 'true or false' : 'an object'}`, { field: path })
    }
    const stranger = Array.isArray(shape) ? Object.keys(value).find((key) => !shape.includes(key)) : undefined
    if (stranger !== undefined) throw unknownField(`${path}.${stranger}`, known[name] as readonly string[])
  }
  return fields as TwinVendorFields
}

function unknownField(path: string, names: readonly string[]): SendError {
  return new SendError('content', `${path} is not a field of TWIN; there are ${names.join(', ')}`, { field: path })
}
