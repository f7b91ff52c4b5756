import { type Channel, channels, noChannel } from '../contract/channel.ts'
import type { ContentByChannel } from '../contract/content.ts'
import { TemplateError } from '../contract/errors.ts'
import type { SmsPolicy, Template } from '../contract/template.ts'
import { compileContent, type Renderer } from './compile-content.ts'
import type { ContentSources, ExactSources } from './content-source.ts'
import type { TemplateEngine } from './engine.ts'
import { type SchemaInput, type SchemaOutput, type SchemaResult, type StandardSchema, verdictOf } from './standard-schema.ts'

/** What `defineTemplate` takes. */
export interface TemplateDefinition<S extends StandardSchema, T, L> {
  /** Kept in records together with the version, so that a later process finds the template again. */
  readonly id: string
  /** Default `1`. Raise it when the variables change in a way that old records do not fit. */
  readonly version?: string | number
  /** A Standard Schema of the variables: zod, zod/mini, valibot, arktype and others. */
  readonly variables: S
  /** By channel: a function of the variables, or texts in the language of `engine`. */
  readonly content: T
  /** By BCP 47 tag, for some or all of the channels; `uk-UA` falls back to `uk`, and that to `content`. */
  readonly locales?: L
  /** Needed for content that is not a function; `liquid()` from `omnicascade/templates/liquid`. */
  readonly engine?: TemplateEngine
  readonly sms?: SmsPolicy
}

/**
 * Defines a template: typed variables, and content by channel and locale. Content functions get the schema's output; `send` takes its input.
 * Texts are compiled here, once. Throws a `TemplateError` that names the place on anything that could never be rendered.
 */
export function defineTemplate<S extends StandardSchema, T extends ContentSources<SchemaOutput<S>>, L>(
  definition: TemplateDefinition<
    S,
    T & ExactSources<T>,
    { readonly [K in keyof L]: ContentSources<SchemaOutput<S>> & L[K] & ExactSources<L[K], keyof T> }
  >,
): Template<SchemaInput<S>, keyof T & Channel> {
  const { id, version = '1', variables: schema, content, locales = {}, engine, sms } = definition
  checkDefinition(id, schema)
  const byLocale = new Map<string, Map<Channel, Renderer>>()
  const named = new Set<Channel>()
  for (const [locale, sources] of [[undefined, content], ...Object.entries(locales)] as [string | undefined, object][]) {
    const tag = normal(locale ?? '')
    const renderers = byLocale.get(tag) ?? new Map<Channel, Renderer>()
    byLocale.set(tag, renderers)
    for (const [channel, renderer] of compileSources(id, locale, sources, engine, schema)) {
      renderers.set(channel, renderer)
      named.add(channel)
    }
  }
  if (named.size === 0) throw new TemplateError('it has no content for any channel', { template: id })

  return {
    id,
    version: String(version),
    channels: [...named] as (keyof T & Channel)[],
    sms,
    validate(variables) {
      const threw = (error: unknown) => new TemplateError('the schema of its variables threw', { template: id }, { cause: error })
      let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>
      try {
        result = schema['~standard'].validate(variables)
      } catch (error) {
        throw threw(error)
      }
      if (!('then' in result)) return verdictOf(result)
      return result.then(verdictOf, (error: unknown) => {
        throw threw(error)
      })
    },
    render<K extends Channel>(channel: K, variables: unknown, locale: string | undefined) {
      return rendererFor(byLocale, channel, locale)?.(variables) as ContentByChannel[K] | undefined
    },
  }
}

function compileSources(
  template: string,
  locale: string | undefined,
  sources: object,
  engine: TemplateEngine | undefined,
  schema: StandardSchema,
): (readonly [Channel, Renderer])[] {
  if (locale !== undefined && !/^[a-z]{2,8}(-[a-z\d]{1,8})*$/.test(normal(locale)))
    throw new TemplateError('a locale is a BCP 47 tag such as "uk" or "uk-UA"', { template, locale })
  return Object.entries(sources).flatMap(([name, source]: [string, unknown]) => {
    const channel = channels.find((known) => known === name)
    if (channel === undefined) throw new TemplateError(`"${name}" ${noChannel}`, { template, locale })
    return source === undefined ? [] : [[channel, compileContent(source, { template, channel, locale }, engine, schema)] as const]
  })
}

/** Looks up `uk-UA`, then `uk`, then the default content (RFC 4647, 3.4). */
function rendererFor(
  byLocale: ReadonlyMap<string, ReadonlyMap<Channel, Renderer>>,
  channel: Channel,
  locale = '',
): Renderer | undefined {
  for (let tag = locale && normal(locale); tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    const renderer = byLocale.get(tag)?.get(channel)
    if (renderer !== undefined) return renderer
  }
  return byLocale.get('')?.get(channel)
}

function normal(locale: string): string {
  return locale.toLowerCase().replaceAll('_', '-')
}

function checkDefinition(id: unknown, schema: StandardSchema): void {
  const fail = (message: string): never => {
    throw new TemplateError(message, { template: String(id) })
  }
  if (typeof id !== 'string' || id === '') fail('id must be a string that is not empty')
  if (typeof schema?.['~standard']?.validate !== 'function')
    fail('variables must be a Standard Schema, for example z.object({ … }) of zod')
}
