import { RequestError } from '../contract/errors.ts'

/** The colours, each for light and for dark grounds. */
const palette = {
  ground: ['#ffffff', '#0d1117'],
  lane: ['#f6f8fa', '#161b22'],
  line: ['#d0d7de', '#3d444d'],
  words: ['#1f2328', '#f0f6fc'],
  muted: ['#59636e', '#9198a1'],
  idle: ['#8c959f', '#6e7681'],
  call: ['#0969da', '#4493f8'],
  wait: ['#b6d7ff', '#1f4f87'],
  good: ['#1a7f37', '#3fb950'],
  bad: ['#cf222e', '#f85149'],
  warn: ['#9a6700', '#d29922'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>

/** A colour by what it means. */
export type Ink = keyof typeof palette

/** Which of the two colours: those of the reader's system, or one of them in any case. */
export type Theme = (typeof themes)[number]

const themes = ['auto', 'light', 'dark'] as const

/** Attributes of an element; `fill` and `stroke` name an ink. */
export interface Attributes {
  readonly fill?: Ink | 'none' | undefined
  readonly stroke?: Ink | undefined
  readonly [name: string]: string | number | undefined
}

/** An element. Light colours stand in attributes, so that it is drawn right where style sheets are not read; the classes are for the dark ones. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}="${escapeXml(typeof value === 'number' ? number(value) : shade(value))}"`,
  )
  const classes = (['fill', 'stroke'] as const).flatMap((key) => {
    const ink = attributes[key]
    return ink === undefined || ink === 'none' ? [] : `${key[0]}-${ink}`
  })
  const open = `${name}${written.join('')}${classes.length > 0 ? ` class="${classes.join(' ')}"` : ''}`
  return children.length === 0 ? `<${open}/>` : `<${open}>${children.join('')}</${name}>`
}

/** A line of text. */
export function words(text: string, attributes: Attributes): string {
  return element('text', attributes, escapeXml(text))
}

/** How wide a picture is, in pixels. */
export const width = 960

const fonts = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

/** What a picture is called, what it shows in words for those who listen, and its height in pixels. */
export interface PictureOptions {
  readonly name: string
  readonly words: string
  readonly height: number
  readonly theme: Theme
}

/** A picture that stands alone, with all that is drawn on its ground. Throws a `RequestError` for a theme that does not exist. */
export function picture({ name, words: told, height, theme }: PictureOptions, ...drawn: readonly string[]): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': name,
      'font-family': fonts,
    },
    element('title', {}, escapeXml(name)),
    element('desc', {}, escapeXml(told)),
    darkRules(theme),
    element('g', { class: `omnicascade-${theme}` }, element('rect', { width, height, rx: 10, fill: 'ground' }), ...drawn),
  )
}

/** The rules that make a picture dark: for readers who like it so, for all, or for none. Empty for none. */
function darkRules(theme: Theme): string {
  if (!themes.includes(theme))
    throw new RequestError('the picture', [{ path: 'theme', message: `is none of ${themes.join(', ')}` }], 'invalid-options')
  if (theme === 'light') return ''
  const rules = Object.entries(palette).map(([ink, [, dark]]) => `.f-${ink}{fill:${dark}}.s-${ink}{stroke:${dark}}`)
  const scoped = rules.join('').replaceAll('.', `.omnicascade-${theme} .`)
  return element('style', {}, theme === 'dark' ? scoped : `@media(prefers-color-scheme:dark){${scoped}}`)
}

/** Text as XML holds it; what XML cannot hold becomes a space. */
export function escapeXml(text: string): string {
  const held = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
  return held.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** How wide a line of text is about, in pixels: fonts differ, so a little more than most need. */
export function widthOf(text: string, size: number): number {
  let ems = 0
  for (const sign of text)
    ems += /[ijlt.,:;'|!()[\]\s]/.test(sign)
      ? 0.34
      : /[\u1100-\uffff]|[^\0-\uffff]|[mwMW@%]/u.test(sign)
        ? 1
        : /[A-Z]/.test(sign)
          ? 0.7
          : 0.57
  return ems * size
}

/** The text, or as much of it as fits, with an ellipsis. */
export function fitted(text: string, size: number, width: number): string {
  const room = width - widthOf('…', size)
  let [taken, fitting] = [0, '']
  for (const sign of text) {
    taken += widthOf(sign, size)
    if (taken > width) return `${fitting.trimEnd()}…`
    if (taken <= room) fitting += sign
  }
  return text
}

function shade(value: string): string {
  return Object.hasOwn(palette, value) ? palette[value as Ink][0] : value
}

/** One decimal is finer than a screen. */
function number(value: number): string {
  return String(Math.round(value * 10) / 10)
}
