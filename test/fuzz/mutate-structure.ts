import type { Random } from '../crash/random.ts'

/** A JSON value that is written as it is told: keys may come twice, and a scalar is the text that stands for it. */
type Node = string | { readonly open: '{' | '['; readonly items: readonly (readonly [key: string, value: Node])[] }

/** Stands where a secret might, or a person's data: for readers whose errors repeat no values. */
export const planted = 'pl4nted-s3cret-value'

const keys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  '0',
  '-1',
  'a.b',
  '\\ud800',
  '\\u0000',
]

const scalars = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '5e-324',
  '9007199254740993',
  '8640000000000001',
  '1764062400',
  '1764062400000',
  '9'.repeat(10_000),
  `0.${'1'.repeat(500)}`,
  '""',
  '" "',
  '"0"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"valueOf"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\r\\nX: y"',
  '"\\ufeff"',
  '"1e3"',
  '"999999999999999999999"',
  '"2026-11-25T12:00:00Z"',
  '"+275760-09-13T00:00:00.001Z"',
  '"9999999999"',
  '"https://user:secret@example.org/?token=1"',
  '"javascript:alert(1)"',
  '"<img src=x>"',
  '"STOP"',
  '"+420777123456"',
  `"${planted}"`,
  `"${'x'.repeat(2_000)}"`,
  `"${' '.repeat(500)}"`,
  `"${'='.repeat(501)}"`,
  `"${'🙂'.repeat(100)}"`,
  '[]',
  '{}',
  '[null]',
  '{"__proto__":null}',
  '{"length":1}',
  `${'['.repeat(300)}${']'.repeat(300)}`,
  `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`,
]

/** JSON text with one to three of its keys and values changed, or undefined if the text is no JSON. */
export function mutateJson(text: string, other: string, random: Random): string | undefined {
  const root = nodeOf(text)
  if (root === undefined) return undefined
  let node = root
  for (let times = 1 + random.below(3); times > 0; times--) node = changed(node, nodeOf(other) ?? 'null', random)
  return written(node)
}

// The same few payloads are read over and over.
const nodes = new Map<string, Node | undefined>()

function nodeOf(text: string): Node | undefined {
  if (!nodes.has(text)) {
    if (nodes.size > 500) nodes.clear()
    nodes.set(text, parsed(text))
  }
  return nodes.get(text)
}

function parsed(text: string): Node | undefined {
  try {
    return toNode(JSON.parse(text))
  } catch {
    return undefined
  }
}

function toNode(value: unknown): Node {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const items = Object.entries(value).map(([key, item]) => [JSON.stringify(key).slice(1, -1), toNode(item)] as const)
  return { open: Array.isArray(value) ? '[' : '{', items }
}

function written(node: Node): string {
  if (typeof node === 'string') return node
  const items = node.items.map(([key, value]) => (node.open === '{' ? `"${key}":${written(value)}` : written(value)))
  return `${node.open}${items.join(',')}${node.open === '{' ? '}' : ']'}`
}

/** Goes down to some value, and changes it. */
function changed(node: Node, other: Node, random: Random): Node {
  if (typeof node === 'string' || node.items.length === 0 || random.chance(0.15)) return replaced(node, other, random)
  const at = random.below(node.items.length)
  const [key, value] = node.items[at]!
  const rest = (...items: readonly (readonly [string, Node])[]): Node => ({
    ...node,
    items: node.items.toSpliced(at, 1, ...items),
  })
  switch (random.below(10)) {
    case 0:
      return rest()
    case 1:
      return rest([key, value], [key, replaced(value, other, random)])
    case 2:
      return rest([random.chance(0.5) ? random.pick(keys) : key.toUpperCase(), value])
    case 3:
      return rest([key, value], [random.pick(keys), random.pick(scalars)])
    default:
      return rest([key, changed(value, other, random)])
  }
}

function replaced(node: Node, other: Node, random: Random): Node {
  switch (random.below(8)) {
    case 0:
      return { open: '[', items: [['', node]] }
    case 1:
      return { open: '{', items: [[random.pick(keys), node]] }
    case 2:
      return typeof node === 'string' ? random.pick(scalars) : { ...node, open: node.open === '{' ? '[' : '{' }
    case 3:
      return other
    case 4: {
      // Of another type, but with the same letters: a number as a text, and a text as a bare word.
      if (typeof node !== 'string') return random.pick(scalars)
      return node.startsWith('"') ? node.slice(1, -1) || '0' : `"${node}"`
    }
    default:
      return random.pick(scalars)
  }
}

/** A form (or a query) with one to three of its fields changed. */
export function mutateForm(text: string, other: string, random: Random): string {
  let fields = text.split('&')
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(fields.length)
    const [name = '', value = ''] = fields[at]?.split('=') ?? []
    const scalar = random.pick(scalars)
    const plain = scalar.startsWith('"') ? scalar.slice(1, -1) : scalar
    const encoded = random.chance(0.8) ? encodeURIComponent(plain) : plain
    const items = random.pick([
      [],
      [`${name}=${value}`, `${name}=${encoded}`],
      [`${name}=${encoded}`],
      [`${name}=${encoded}`],
      [`${name}=${value}${encoded}`],
      [`${random.pick(keys)}=${value}`],
      [name],
      [`${name}[]=${value}`],
      [`${name}=${value}`, random.pick(other.split('&'))],
      [`${name}=%`, '%ff=%fe'],
    ])
    fields = fields.toSpliced(at, 1, ...items)
  }
  return fields.join('&')
}
