import type { Channel } from '../contract/channel.ts'
import { TemplateError } from '../contract/errors.ts'
import { type ContentPlace, messageOf, missing } from './compile-content.ts'
import type { CompiledText, Escape, TemplateEngine, TemplateLanguage } from './engine.ts'
import { schemaKeys } from './schema-keys.ts'

// Loaded with an engine only: templates of functions need none of it.

export type { CompiledText, Escape, MissingVariable, TemplateEngine, TemplateLanguage } from './engine.ts'

interface Surroundings {
  readonly language: TemplateLanguage
  /** Names of the variables, where the schema shows them. */
  readonly names: readonly string[] | undefined
}

/** Makes an engine for `defineTemplate` of a language that can compile one text: every text within a content is compiled and escaped for its field. */
export function templateEngine(language: TemplateLanguage): TemplateEngine {
  return {
    ...language,
    contentOf(source, place, schema) {
      const surroundings = { language, names: schemaKeys(schema) }
      const render = compileValue(source, '', escapeOf(place.channel, source), place, surroundings)
      return (variables) => render((typeof variables === 'object' && variables !== null ? variables : {}) as Values)
    },
  }
}

type Values = Readonly<Record<string, unknown>>

/** How a field of the content is escaped. Only whole HTML bodies and marked-up Telegram texts carry markup. */
function escapeOf(channel: Channel, source: unknown): (field: string) => Escape {
  if (channel === 'email') return (field) => (field === 'html' ? 'html' : 'none')
  const { format } = source as { readonly format?: Escape }
  return (field) => (channel === 'telegram' && field === 'text' && format ? format : 'none')
}

function compileValue(
  value: unknown,
  field: string,
  escapes: (field: string) => Escape,
  place: ContentPlace,
  surroundings: Surroundings,
): (values: Values) => unknown {
  if (typeof value === 'string')
    return compileText(value, escapes(field), field === '' ? place : { ...place, field }, surroundings)
  if (typeof value !== 'object' || value === null) return () => value
  const inner = (name: string) => (Array.isArray(value) ? `${field}[${name}]` : field === '' ? name : `${field}.${name}`)
  const parts = Object.entries(value).map(([name, part]) => {
    // The markup of a Telegram text decides how it is escaped, so it cannot depend on a variable.
    const render = name === 'format' ? () => part : compileValue(part, inner(name), escapes, place, surroundings)
    return [name, render] as const
  })
  return Array.isArray(value)
    ? (values) => parts.map(([, render]) => render(values))
    : (values) => Object.fromEntries(parts.map(([name, render]) => [name, render(values)]))
}

function compileText(
  source: string,
  escaping: Escape,
  place: ContentPlace,
  { language, names }: Surroundings,
): (values: Values) => string {
  const compiled: CompiledText = attempt(
    () => language.compile(source, { escape: escaping }),
    `${language.name} cannot read it`,
    place,
  )
  const unknown = names && compiled.variables?.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const known = `which has ${names!.join(', ') || 'none'}`
    throw new TemplateError(`variable "${unknown}" is not in the schema of the variables, ${known}`, {
      ...place,
      variable: unknown,
    })
  }
  return (values) => attempt(() => compiled.render(values), `${language.name} could not render it`, place)
}

function attempt<T>(run: () => T, what: string, place: ContentPlace): T {
  try {
    return run()
  } catch (error) {
    const { variable } = (error ?? {}) as { readonly variable?: unknown }
    if (typeof variable === 'string') throw missing(place, variable, error)
    throw new TemplateError(`${what}: ${messageOf(error)}`, place, { cause: error })
  }
}
