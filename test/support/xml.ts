/** An element of a picture. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (XmlElement | string)[]
}

const space = String.raw`[ \t\r\n]`
const reference = String.raw`&(?:amp|lt|gt|quot|apos|#\d+);`
const attribute = String.raw`${space}+([A-Za-z][\w.:-]*)="((?:[^<&"]|${reference})*)"`
const open = new RegExp(String.raw`<([A-Za-z][\w.-]*)((?:${attribute})*)${space}*(/?)>`, 'y')
const close = new RegExp(String.raw`</([A-Za-z][\w.-]*)${space}*>`, 'y')
const text = new RegExp(`(?:[^<&]|${reference})+`, 'y')
const impossible = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Reads one XML 1.0 element (https://www.w3.org/TR/xml/), as strictly as a parser must, but for what pictures do without: prologs, comments, CDATA, entities. */
export function parseXml(source: string): XmlElement {
  const bad = impossible.exec(source)
  if (bad) throw new Error(`U+${bad[0].codePointAt(0)!.toString(16)} at ${bad.index}: no character of XML`)
  const root = { name: '', attributes: {}, children: [] as (XmlElement | string)[] }
  const stack = [root]
  let at = 0
  const take = (token: RegExp) => {
    token.lastIndex = at
    const found = token.exec(source)
    if (found) at = token.lastIndex
    return found
  }
  while (at < source.length) {
    const opened = take(open)
    if (opened) {
      const pairs = [...opened[2]!.matchAll(new RegExp(attribute, 'g'))].map(
        ([, key, value]) => [key!, resolved(value!)] as const,
      )
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`an attribute twice: ${opened[0]}`)
      const element = { name: opened[1]!, attributes: Object.fromEntries(pairs), children: [] }
      stack.at(-1)!.children.push(element)
      if (opened.at(-1) !== '/') stack.push(element)
      continue
    }
    const closed = take(close)
    if (closed) {
      const ended = stack.pop()
      if (stack.length === 0 || ended?.name !== closed[1]) throw new Error(`${closed[0]} closes nothing, at ${at}`)
      continue
    }
    const words = take(text)
    if (words === null) throw new Error(`not well-formed at ${at}: ${source.slice(at, at + 40)}`)
    stack.at(-1)!.children.push(resolved(words[0]))
  }
  const [only] = root.children
  if (stack.length !== 1 || root.children.length !== 1 || typeof only !== 'object')
    throw new Error('there is not one root element')
  return only
}

/** Every element in it, itself included. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap((child) => (typeof child === 'string' ? [] : elementsOf(child)))]
}

/** The text in it. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('')
}

function resolved(value: string): string {
  const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return value.replace(/&(#?)(\w+);/g, (_, numeric, name) => (numeric ? String.fromCodePoint(Number(name)) : names[name]!))
}
