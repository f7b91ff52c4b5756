import { OmnicascadeError } from '../contract/errors.ts'

const htmlEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Escapes text for HTML content and quoted attributes; also right for Telegram's HTML mode. Does not make a `javascript:` URL safe. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEntities[character]!)
}

/** Escapes text for Telegram's MarkdownV2, anywhere but in code blocks (core.telegram.org/bots/api#markdownv2-style). */
export function escapeMarkdownV2(text: string): string {
  return text.replace(/[\\_*[\]()~`>#+\-=|{}.!]/g, '\\$&')
}

/** Escapes a URL for the target of a MarkdownV2 link, `[text](target)`, where only `)` and the backslash are special. */
export function escapeMarkdownV2Url(url: string): string {
  return url.replace(/[\\)]/g, '\\$&')
}

/** Escapes text for Slack, whose only control characters are `&`, `<` and `>` (api.slack.com/reference/surfaces/formatting#escaping). */
export function escapeSlack(text: string): string {
  return text.replace(/[&<>]/g, (character) => htmlEntities[character]!)
}

const markup: unique symbol = Symbol('markup')

/** Text that is markup already, and goes into `html` or `markdownV2` as it is. Made by `raw`. */
export interface Raw {
  readonly [markup]: string
}

/** What may be put into `html` and `markdownV2`. */
export type Interpolation = string | number | bigint | boolean | Raw

/** Marks text as markup, so that `html` and `markdownV2` do not escape it. Never give it what a user wrote. */
export function raw(text: string): Raw {
  return { [markup]: text }
}

/** A template literal whose interpolations are escaped for HTML: `` html`<b>${name}</b>` ``. Throws on `null`, `undefined` and objects. */
export function html(literals: TemplateStringsArray, ...values: readonly Interpolation[]): string {
  return weave('html', escapeHtml, literals, values)
}

// In a template literal JavaScript itself eats a single backslash, and Telegram would then refuse the message.
const eatenBackslash = /(?<!\\)(?:\\\\)*\\[_*[\]()~>#+\-=|{}.!]/

/**
 * A template literal whose interpolations are escaped for Telegram's MarkdownV2: `` markdownV2`*${name}* is here\\!` ``.
 * Write the backslash before a literal special character twice. Throws on `null`, `undefined`, objects and a single backslash.
 */
export function markdownV2(literals: TemplateStringsArray, ...values: readonly Interpolation[]): string {
  const eaten = literals.raw.find((literal) => eatenBackslash.test(literal))
  if (eaten !== undefined)
    throw new OmnicascadeError('interpolation', `markdownV2: write the backslash twice in a template literal, in "${eaten}"`)
  return weave('markdownV2', escapeMarkdownV2, literals, values)
}

function weave(
  tag: string,
  escaped: (text: string) => string,
  literals: readonly string[],
  values: readonly (Interpolation | null | undefined)[],
): string {
  let text = literals[0]!
  for (const [index, value] of values.entries()) {
    text += typeof value === 'object' && value && markup in value ? value[markup] : escaped(plain(tag, index, value))
    text += literals[index + 1]
  }
  return text
}

function plain(tag: string, index: number, value: unknown): string {
  if (value === undefined || typeof value === 'object' || typeof value === 'function') {
    const kind = value === null ? 'null' : typeof value
    throw new OmnicascadeError('interpolation', `${tag}: value ${index + 1} is ${kind}; give a text, a number or raw(…)`)
  }
  return String(value)
}
