import { createRequire } from 'node:module'
import { Eta } from 'eta'
import Handlebars from 'handlebars'
import { Liquid } from 'liquidjs'
import { defineTemplate } from 'omnicascade'
import { liquid } from 'omnicascade/templates/liquid'
import { z } from 'zod'
import { type Contender, contest, repeating } from '../kit/contender.ts'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'

const variables = { name: 'Ada', order: 17, date: '25 November', url: 'https://shop.example/o/17' }
const expected = 'Hi Ada, order 17 arrives on 25 November: https://shop.example/o/17'
const mustached = 'Hi {{name}}, order {{order}} arrives on {{date}}: {{{url}}}'

type Variables = typeof variables

const schema = z.object({ name: z.string(), order: z.number(), date: z.string(), url: z.string() })
const shared = { id: 'shipped', variables: schema } as const
const ofFunction = defineTemplate({
  ...shared,
  content: { sms: ({ name, order, date, url }) => `Hi ${name}, order ${order} arrives on ${date}: ${url}` },
})
const ofLiquid = defineTemplate({
  ...shared,
  engine: liquid(),
  content: { sms: 'Hi {{ name }}, order {{ order }} arrives on {{ date }}: {{ url }}' },
})

/** One text, filled in again and again. */
export async function templates({ size, note }: Run): Promise<Sample[]> {
  const samples = await contest({ section: 'templates', unit: '/s' }, contenders(), size)
  note('templates')
  return samples
}

function contenders(): Contender[] {
  const limit = 'templates literal'
  const mustache = createRequire(import.meta.url)('mustache') as { render(template: string, view: object): string }
  const bare = ({ name, order, date, url }: Variables) => `Hi ${name}, order ${order} arrives on ${date}: ${url}`
  const eta = new Eta({ autoEscape: false })
  const compiled = eta.compile('Hi <%= it.name %>, order <%= it.order %> arrives on <%= it.date %>: <%= it.url %>')
  const handlebars = Handlebars.compile<Variables>(mustached, { noEscape: true })
  const engine = new Liquid()
  const parsed = engine.parse('Hi {{ name }}, order {{ order }} arrives on {{ date }}: {{ url }}')
  const beside = { beside: limit }
  const peer = { ...beside, isPeer: true }
  return [
    { id: limit, what: 'limit: a template literal', open: filling(bare) },
    {
      ...beside,
      id: 'templates ours function',
      what: 'ours, a function; rendered and checked',
      open: filling((values) => ofFunction.render('sms', values, undefined)?.text),
    },
    {
      ...beside,
      id: 'templates ours function validated',
      what: 'ours, a function; variables validated by zod 4 too',
      open: filling((values) => ofFunction.render('sms', validated(ofFunction, values), undefined)?.text),
    },
    {
      ...beside,
      id: 'templates ours liquid',
      what: 'ours, Liquid; rendered and checked',
      open: filling((values) => ofLiquid.render('sms', values, undefined)?.text),
    },
    { ...peer, id: 'templates eta', what: 'eta, compiled', open: filling((values) => compiled.call(eta, values)) },
    { ...peer, id: 'templates handlebars', what: 'handlebars, compiled', open: filling((values) => handlebars(values)) },
    {
      ...peer,
      id: 'templates mustache',
      what: 'mustache, cached',
      open: filling((values) => mustache.render(mustached, values)),
    },
    {
      ...peer,
      id: 'templates liquidjs',
      what: 'liquidjs, parsed',
      open: filling((values) => engine.renderSync(parsed, values) as string),
    },
  ]
}

function validated({ validate }: typeof ofFunction, values: Variables): unknown {
  const result = validate(values)
  if (!('value' in result)) throw new Error('the variables do not fit the schema')
  return result.value
}

/** So that looking at the clock costs nothing; each text has another name, lest the compiler make one of them all. */
const texts = 500
const names = Array.from({ length: texts }, (_, index) => `Ada ${index}`)

function filling(render: (values: Variables) => string | undefined): Contender['open'] {
  if (render(variables) !== expected) throw new Error(`this is not the text: ${render(variables)}`)
  return repeating(() => {
    let length = 0
    for (const name of names) length += render({ ...variables, name })?.length ?? 0
    if (length < texts * expected.length) throw new Error('a text is too short')
    return texts
  })
}
