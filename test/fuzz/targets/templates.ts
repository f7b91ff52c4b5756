import { defineTemplate, type Template, TemplateError } from 'omnicascade'
import { liquid } from 'omnicascade/templates/liquid'
import * as z from 'zod'
import { checkPlain } from '../promises.ts'
import { ensure, Fault, type Target } from '../target.ts'

const decoder = new TextDecoder()
const engine = liquid({ renderLimit: 200 })
const values = {
  name: 'Ada <b>',
  vip: true,
  items: [{ title: 'a' }, { title: 'b', price: 5 }],
  order: { total: 42, url: 'https://shop.example/orders/1' },
  at: '2026-11-25T12:00:00Z',
}

const order = z.object({ name: z.string(), url: z.url().optional(), items: z.array(z.object({ title: z.string() })).optional() })
const ordered = defineTemplate({
  id: 'ordered',
  variables: order,
  content: {
    sms: ({ name, url }) => ({ text: `${name}, your order: ${url}` }),
    email: ({ name, items }) => ({ subject: `Order of ${name}`, text: items!.map(({ title }) => title).join('\n') }),
    telegram: ({ name }) => ({ text: name, format: 'html' }),
  },
})
const loose = defineTemplate({
  id: 'loose',
  variables: z.any(),
  engine,
  content: {
    sms: '{{ name }} {{ order.total }}',
    email: { subject: '{{ name }}', html: '<p>{{ items[0].title | upcase }}</p>' },
  },
})

/** Templates that strangers write, and variables that strangers fill in. */
export const templateTargets: readonly Target[] = [
  {
    name: 'templates: liquid source',
    corpus: [
      'Hi {{ name | upcase }}{% if vip %}!{% endif %}{% for item in items %} {{ forloop.index }}. {{ item.title }}{% endfor %}',
      '{{ at | date: "%A %H:%M" }} {% assign a = order.total | plus: 1 | times: 2.5 %}{{ a | round: 1 }} {{ name | raw }}',
      '{% case vip %}{% when true %}{{ items | map: "title" | join: ", " }}{% else %}{{ "x" | append: name | truncate: 10 }}{% endcase %}',
      '{% capture c %}{{ name }}{% endcapture %}{{ c | replace: "A", "B" | split: "" | reverse | join }}{% raw %}{{ x }}{% endraw %}{% comment %}y{% endcomment %}',
      '{% for i in (1..3) %}{% cycle "a", "b" %}{% if i == 2 %}{% continue %}{% endif %}{% endfor %}{% tablerow x in items cols:2 %}{{ x.price | default: 0 }}{% endtablerow %}',
      "{{ order.url | url_encode | strip_html | newline_to_br | slice: 1, 3 | date: '%Y' }}{% unless vip %}{% increment n %}{% endunless %}",
    ],
    call(input, random) {
      const source = decoder.decode(input)
      const channel = random.pick(['sms', 'email', 'telegram'] as const)
      const content =
        channel === 'email'
          ? { subject: 'x', html: source }
          : { text: source, ...(channel === 'telegram' && { format: 'markdownV2' }) }
      const template = defineTemplate({
        id: 'fuzz',
        variables: z.any(),
        engine,
        content: { [channel]: content } as never,
      }) as Template<never>
      const rendered = rendering(() => template.render(channel, values, undefined)) as {
        readonly text?: unknown
        readonly html?: unknown
      }
      ensure(typeof (rendered.text ?? rendered.html) === 'string', 'a text is none')
    },
  },
  {
    name: 'templates: variables',
    corpus: [
      JSON.stringify(values),
      '{"name":"Ada","url":"https://shop.example/orders/1","items":[{"title":"a"}]}',
      '{"name":"undefined"}',
    ],
    form: 'json',
    async call(input, random) {
      let variables: unknown
      try {
        variables = JSON.parse(decoder.decode(input))
      } catch {
        return false
      }
      const template = (random.chance(0.5) ? ordered : loose) as Template<never>
      const channel = random.pick(template.channels)
      const verdict = await template.validate(variables)
      if (!('value' in verdict)) return false
      const locale = random.pick([undefined, 'uk-UA', '-', '__proto__', 'a-'.repeat(1000)])
      checkPlain(rendering(() => template.render(channel, verdict.value, locale)))
    },
  },
]

function rendering<T>(render: () => T): T {
  try {
    return render()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw new Fault(`a template threw ${String(error)}`)
    throw error
  }
}
