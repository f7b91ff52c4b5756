import type { ContentPlace } from './compile-content.ts'
import type { StandardSchema } from './standard-schema.ts'

/** How the values put into a text are escaped: for HTML, for Telegram's MarkdownV2, or not at all. */
export type Escape = 'html' | 'markdownV2' | 'none'

/** A text in a template language, parsed once and rendered often. */
export interface CompiledText {
  /** Names of the top-level variables it uses, or undefined if the engine cannot tell. */
  readonly variables: readonly string[] | undefined
  /** Throws on a missing variable; the error's `variable` names it (`MissingVariable`). */
  render(values: Readonly<Record<string, unknown>>): string
}

/** A template language: how one text is compiled. `templateEngine` of `omnicascade/templates/engine` makes an engine of it. */
export interface TemplateLanguage {
  /** For error messages. */
  readonly name: string
  /** Throws on what is not the language. */
  compile(source: string, options: { readonly escape: Escape }): CompiledText
}

/** What `defineTemplate` takes for content that is no function. Ready ones have a subpath of their own, such as `omnicascade/templates/liquid`. */
export interface TemplateEngine extends TemplateLanguage {
  /** Compiles every text within a channel's content. Throws `TemplateError`. */
  contentOf(source: unknown, place: ContentPlace, schema: StandardSchema): (variables: unknown) => unknown
}

/** What an engine throws for a variable that is not there: any error whose `variable` is its name or dotted path. */
export interface MissingVariable extends Error {
  readonly variable: string
}
