import type { Channel } from '../contract/channel.ts'
import { TemplateError, type TemplatePlace } from '../contract/errors.ts'
import { faultOf } from './check-content.ts'
import type { TemplateEngine } from './engine.ts'
import { missingVariable, saysUndefined } from './missing-variable.ts'
import type { StandardSchema } from './standard-schema.ts'

/** Content of one channel and locale, ready to render. Throws `TemplateError`. */
export type Renderer = (variables: unknown) => object

/** Where one channel's content stands. */
export type ContentPlace = TemplatePlace & { readonly channel: Channel }

/** Makes a renderer of a content source: a function, or texts in the engine's language. Throws `TemplateError` on what cannot work. */
export function compileContent(
  source: unknown,
  place: ContentPlace,
  engine: TemplateEngine | undefined,
  schema: StandardSchema,
): Renderer {
  const render =
    typeof source === 'function' ? fromFunction(source as ContentFunction, place) : fromTexts(source, place, engine, schema)
  return (variables) => {
    const rendered = render(variables)
    const content = typeof rendered === 'string' && place.channel !== 'email' ? { text: rendered } : rendered
    const fault = faultOf(place.channel, content)
    if (fault) throw new TemplateError(fault.message, { ...place, field: fault.field })
    return content as object
  }
}

function fromTexts(source: unknown, place: ContentPlace, engine: TemplateEngine | undefined, schema: StandardSchema) {
  const isText = typeof source === 'string' && place.channel !== 'email'
  if (!isText && (typeof source !== 'object' || source === null))
    throw new TemplateError('content must be a function, an object or (save for e-mail) a string', place)
  if (engine === undefined) {
    throw new TemplateError(
      'content that is no function needs an engine, such as liquid() of omnicascade/templates/liquid',
      place,
    )
  }
  return engine.contentOf(source, place, schema)
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
      throw new TemplateError(`its content function threw ${error instanceof Error ? error.name : typeof error}`, place, {
        cause: error,
      })
    }
    const variable = saysUndefined(content) ? missingVariable(source, variables) : undefined
    if (variable !== undefined) throw missing(place, variable)
    return content
  }
}

/** The error for a variable that is not there. */
export function missing(place: ContentPlace, variable: string, cause?: unknown): TemplateError {
  return new TemplateError(
    `variable "${variable}" is missing`,
    { ...place, variable },
    cause === undefined ? undefined : { cause },
  )
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
