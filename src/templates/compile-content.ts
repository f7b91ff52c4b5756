import type { Channel } from '../contract/channel.ts'
import { TemplateError, type TemplatePlace } from '../contract/errors.ts'
import { faultOf } from './check-content.ts'
import type { Escape, TemplateEngine } from './engine.ts'
import { missingVariable, saysUndefined } from './missing-variable.ts'

/** Content of one channel and locale, ready to render. Throws `TemplateError`. */
export type Renderer = (variables: unknown) => object

/** What compiling needs to know of a template. */
export interface Surroundings {
  readonly engine: TemplateEngine | undefined
  /** Names of the variables, where the schema shows them. */
  readonly names: readonly string[] | undefined
}

/** Where one channel's content stands. */
export type ContentPlace = TemplatePlace & { readonly channel: Channel }

/** Makes a renderer of a content source: a function, or texts in the template language. Throws `TemplateError` on what cannot work. */
export function compileContent(source: unknown, place: ContentPlace, surroundings: Surroundings): Renderer {
  const render =
    typeof source === 'function' ? fromFunction(source as ContentFunction, place) : fromTexts(source, place, surroundings)
  return (variables) => {
    const rendered = render(variables)
    const content = typeof rendered === 'string' && place.channel !== 'email' ? { text: rendered } : rendered
    const fault = faultOf(place.channel, content)
    if (fault) throw new TemplateError(fault.message, { ...place, field: fault.field })
    return content as object
  }
}

type ContentFunction = (variables: never) => unknown

function fromFunction(source: ContentFunction, place: ContentPlace): (variables: unknown) => unknown {
  return (variables) => {
    let content: unknown
    try {
      content = source(variables as never)
    } catch (error) {
      const variable = missingVariable(source, variables)
      if (variable !== undefined) throw missing(place, variable, error)
      throw new TemplateError(`its content function threw: ${messageOf(error)}`, place, { cause: error })
    }
    const variable = saysUndefined(content) ? missingVariable(source, variables) : undefined
    if (variable !== undefined) throw missing(place, variable)
    return content
  }
}

type Values = Readonly<Record<string, unknown>>

function fromTexts(source: unknown, place: ContentPlace, surroundings: Surroundings): (variables: unknown) => unknown {
  const { channel } = place
  const isText = typeof source === 'string' && channel !== 'email'
  if (!isText && (typeof source !== 'object' || source === null))
    throw new TemplateError('content must be a function, an object or (save for e-mail) a string', place)
  const render = compileValue(source, '', escapeOf(channel, source), place, surroundings)
  return (variables) => render((typeof variables === 'object' && variables !== null ? variables : {}) as Values)
}

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
  { engine, names }: Surroundings,
): (values: Values) => string {
  if (engine === undefined) {
    throw new TemplateError(
      'content is a string, which needs a template engine: pass engine: liquid() from omnicascade/templates/liquid, or use a function',
      place,
    )
  }
  const compiled = attempt(() => engine.compile(source, { escape: escaping }), `${engine.name} cannot read it`, place)
  const unknown = names && compiled.variables?.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const known = `which has ${names!.join(', ') || 'none'}`
    throw new TemplateError(`variable "${unknown}" is not in the schema of the variables, ${known}`, {
      ...place,
      variable: unknown,
    })
  }
  return (values) => attempt(() => compiled.render(values), `${engine.name} could not render it`, place)
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

function missing(place: ContentPlace, variable: string, cause?: unknown): TemplateError {
  return new TemplateError(
    `variable "${variable}" is missing`,
    { ...place, variable },
    cause === undefined ? undefined : { cause },
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
