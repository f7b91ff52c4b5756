import { type FilterImplOptions, Liquid, LiquidError } from 'liquidjs'
import { OmnicascadeError } from '../contract/errors.ts'
import { escapeHtml, escapeMarkdownV2 } from '../text/escape.ts'
import type { Escape, MissingVariable, TemplateEngine } from './engine.ts'
import { templateEngine } from './template-engine.ts'

/** Options of `liquid`. */
export interface LiquidOptions {
  /** Filters of the app's own. They get and give plain JSON values; what they give is escaped like any other. */
  readonly filters?: Readonly<Record<string, (value: unknown, ...args: readonly unknown[]) => unknown>>
  /** IANA zone in which the `date` filter prints. Default `UTC`. */
  readonly timeZone?: string
  /** Language of month and day names in the `date` filter. Default `en-US`. */
  readonly locale?: string
  /** Longest template, in characters. Default 100,000. */
  readonly parseLimit?: number
  /** Longest time for one text, in milliseconds. Default 1,000. */
  readonly renderLimit?: number
  /** What one rendering may allocate, in characters and array items, its output included. Default 1,000,000. */
  readonly memoryLimit?: number
}

/**
 * The Liquid language (liquidjs), safe on templates that strangers write: no code, no prototypes, no files, bounded in time and memory.
 * `{{ name }}` is escaped for the channel; `{{ markup | raw }}` is not. A missing variable is an error, but `{% if nick %}` and
 * `{{ nick | default: "you" }}` may ask for one that is optional.
 */
export function liquid(options: LiquidOptions = {}): TemplateEngine {
  const engines = new Map<Escape, Liquid>()
  const engineFor = (escaping: Escape) => {
    const engine = engines.get(escaping) ?? createEngine(escaping, options)
    engines.set(escaping, engine)
    return engine
  }
  const { memoryLimit = 1_000_000 } = options
  return templateEngine({
    name: 'liquid',
    compile(source, { escape: escaping }) {
      const engine = engineFor(escaping)
      const parsed = engine.parse(source)
      return {
        variables: engine.globalVariablesSync(parsed),
        render(values) {
          const text = rendered(() => engine.renderSync(parsed, plain(values)) as string)
          // Literal text in loops is not counted by liquidjs. The length is known before the text is put together.
          if (text.length > memoryLimit)
            throw new OmnicascadeError('liquid', `output limit of ${memoryLimit} characters exceeded`)
          return text
        },
      }
    },
  })
}

function createEngine(escaping: Escape, options: LiquidOptions): Liquid {
  const {
    filters = {},
    timeZone = 'UTC',
    locale = 'en-US',
    parseLimit = 100_000,
    renderLimit = 1000,
    memoryLimit = 1_000_000,
  } = options
  const engine = new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    timezoneOffset: timeZone,
    locale,
    parseLimit,
    renderLimit,
    memoryLimit,
    templates: {},
    outputEscape: escapeOutput(escaping),
  })
  // These read other files.
  for (const tag of ['include', 'render', 'layout', 'block']) delete engine.tags[tag]
  engine.registerFilter('raw', { raw: true, handler: escapeOutput('none') })
  // Templates that were written for an engine without escaping say it themselves; twice would be wrong.
  if (escaping === 'html') engine.registerFilter('escape', { raw: true, handler: escapeOutput('html') })
  for (const [name, filter] of Object.entries(filters)) engine.registerFilter(name, (value, ...args) => filter(value, ...args))
  return engine
}

type FilterHandler = Extract<FilterImplOptions, (...args: never) => unknown>

/** Escapes what a `{{ … }}` puts out, and counts it: a captured text that contains itself twice, thirty times over, would fill the memory. */
function escapeOutput(escaping: Escape): FilterHandler {
  const escaped = { html: escapeHtml, markdownV2: escapeMarkdownV2, none: (text: string) => text }[escaping]
  return function (value: unknown) {
    const text = escaped(printed(value))
    this.context.memoryLimit.use(text.length)
    return text
  }
}

function printed(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(printed).join('')
  if (typeof value === 'object') throw new OmnicascadeError('liquid', 'an object cannot be printed; name one of its fields')
  return String(value)
}

/** Only plain JSON goes in: liquidjs would call functions that it finds in the data. */
function plain(values: Readonly<Record<string, unknown>>): object {
  return JSON.parse(JSON.stringify(values)) as object
}

function rendered(run: () => string): string {
  try {
    return run()
  } catch (error) {
    const variable = missingIn(error)
    throw variable === undefined
      ? error
      : Object.assign(new Error(`variable "${variable}" is missing`), { variable } satisfies Partial<MissingVariable>)
  }
}

function missingIn(error: unknown): string | undefined {
  if (!LiquidError.is(error) || error.name !== 'UndefinedVariableError') return undefined
  const { variableName } = (error as { originalError?: { variableName?: unknown } }).originalError ?? {}
  return typeof variableName === 'string' ? variableName : 'unknown'
}
