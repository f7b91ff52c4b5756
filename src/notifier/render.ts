import type { Channel } from '../contract/channel.ts'
import type { Content, ContentByChannel } from '../contract/content.ts'
import { isOmnicascadeError, type OmnicascadeError, SendError, TemplateError } from '../contract/errors.ts'
import type { Failure } from '../contract/failure.ts'
import type { Awaitable } from '../contract/json.ts'
import type { LinkRewriter, ShortenedText } from '../contract/links.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { SmsPolicy, Template } from '../contract/template.ts'
import { chain, guarded } from './awaitable.ts'
import { lazy } from './lazy.ts'

/** What rendering needs beside the record. */
export interface RenderContext {
  readonly template: (id: string, version: string) => Template<never> | undefined
  readonly links: LinkRewriter | undefined
  readonly sms: SmsPolicy | undefined
  readonly locale: string | undefined
  readonly onShortened?: (id: string, channel: Channel, shortened: ShortenedText) => void
  readonly dryRun: boolean
}

/** The content of some channels, a failure of kind `content`, the template that this process does not know, or why it must wait. */
export type Rendered =
  | { readonly content: Content }
  | { readonly failure: Failure }
  | { readonly missing: { readonly template: string; readonly version: string } }
  | { readonly fault: Fault }

/** What may pass: a store's error, or a `SendError` of kind `transient`. */
type Fault = OmnicascadeError & Pick<Partial<SendError>, 'retryAfter'>

/** Renders channels of a notification: the template, then links, then the SMS policy on what is left. What throws, also a schema, is a failure, unless it may pass. */
export function render(record: NotificationRecord, channels: readonly Channel[], context: RenderContext): Awaitable<Rendered> {
  return guarded(() => renderParts(record, channels, context), failed)
}

function renderParts(record: NotificationRecord, channels: readonly Channel[], context: RenderContext): Awaitable<Rendered> {
  const { message } = record
  if ('content' in message) return finish(record, pick(message.content, channels), context.sms, context)
  const { id, version } = message.template
  const template = context.template(id, version)
  if (template === undefined) return { missing: { template: id, version } }
  return chain(template.validate(message.variables), (checked) => {
    if ('issues' in checked)
      return failure(
        new TemplateError(`variables no longer fit its schema: ${checked.issues[0]?.path}: ${checked.issues[0]?.message}`, {
          template: id,
        }),
      )
    const locale = record.to.locale ?? context.locale
    const content: Record<string, unknown> = {}
    for (const channel of channels) content[channel] = template.render(channel, checked.value, locale)
    return finish(record, pick(content as Content, channels), template.sms ?? context.sms, context)
  })
}

function finish(
  record: NotificationRecord,
  content: Content,
  policy: SmsPolicy | undefined,
  context: RenderContext,
): Awaitable<Rendered> {
  if (context.links === undefined) return applyPolicy(content, policy)
  const rewrites = (Object.entries(content) as [Channel, ContentByChannel[Channel]][]).flatMap(([channel, { text }]) => {
    const rewritten =
      text !== undefined && context.links!.channels.includes(channel)
        ? context.links!.rewrite(text, { channel, notificationId: record.id, dryRun: context.dryRun })
        : undefined
    return rewritten === undefined ? [] : [rewritten.then((shortened) => ({ channel, shortened }))]
  })
  if (rewrites.length === 0) return applyPolicy(content, policy)
  return Promise.all(rewrites).then((done) => {
    const texts: Record<string, unknown> = { ...content }
    for (const { channel, shortened } of done) {
      context.onShortened?.(record.id, channel, shortened)
      texts[channel] = { ...content[channel], text: shortened.text }
    }
    return applyPolicy(texts as Content, policy)
  })
}

// The tables of GSM-7 load only where a policy asks for them.
const loadSms = lazy(() => import('../text/sms.ts'))

function applyPolicy(content: Content, policy: SmsPolicy | undefined): Awaitable<Rendered> {
  if (content.sms === undefined || policy === undefined) return { content }
  return chain(loadSms(), ({ applySmsPolicy }) => ({
    content: { ...content, sms: { ...content.sms!, text: applySmsPolicy(content.sms!.text, policy) } },
  }))
}

function pick(content: Content, channels: readonly Channel[]): Content {
  const picked: Partial<Record<Channel, unknown>> = {}
  for (const channel of channels) if (content[channel] !== undefined) picked[channel] = content[channel]
  return picked as Content
}

function failed(error: unknown): Rendered {
  const mayPass = isOmnicascadeError(error) && (error.code.startsWith('store-') || (error as SendError).kind === 'transient')
  return mayPass ? { fault: error } : failure(error)
}

function failure(error: unknown): Rendered {
  if (error instanceof SendError) return { failure: error.toFailure() }
  const message = isOmnicascadeError(error) ? error.message : 'the content could not be rendered'
  const field = error instanceof TemplateError ? error.place.field : undefined
  return { failure: { kind: 'content', message, ...(field !== undefined && { field }) } }
}
