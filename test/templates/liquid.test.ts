import { TemplateError } from 'omnicascade'
import { liquid } from 'omnicascade/templates/liquid'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { defineTemplate } from '../../src/templates/define-template.ts'
import type { Escape } from '../../src/templates/engine.ts'
import { escapeSlack } from '../../src/text/escape.ts'

const render = (source: string, values: Record<string, unknown> = {}, escaping: Escape = 'none', options = {}) =>
  liquid(options).compile(source, { escape: escaping }).render(values)

describe('the language', () => {
  test('prints, loops and branches', () => {
    const source =
      'Hi {{ name | upcase }}{% if vip %}!{% endif %}{% for item in items %} {{ forloop.index }}. {{ item.title }}{% endfor %}'
    expect(render(source, { name: 'Ada', vip: true, items: [{ title: 'a' }, { title: 'b' }] })).toBe('Hi ADA! 1. a 2. b')
  })

  test('dates are printed in UTC and English unless told otherwise, wherever the process runs', () => {
    const at = new Date('2026-11-25T23:30:00Z')
    expect(render('{{ at | date: "%A %H:%M" }}', { at })).toBe('Wednesday 23:30')
    expect(render('{{ at | date: "%A %H:%M" }}', { at }, 'none', { timeZone: 'Europe/Kyiv', locale: 'uk' })).toBe('четвер 01:30')
  })

  test("the app's own filters work, and their output is escaped", () => {
    const filters = { money: (value: unknown, currency: unknown) => `<${Number(value).toFixed(2)} ${currency}>` }
    expect(render('{{ total | money: "EUR" }}', { total: 5 }, 'html', { filters })).toBe('&lt;5.00 EUR&gt;')
  })

  test('names the variables that it takes from outside', () => {
    const source =
      '{% assign a = b %}{{ a }}{% for c in d %}{{ c.x }}{{ e[f] }}{% endfor %}{% if g %}{% endif %}{{ "h" | append: i }}{% raw %}{{ j }}{% endraw %}'
    const { variables } = liquid().compile(source, { escape: 'none' })
    expect([...variables!].sort()).toEqual(['b', 'd', 'e', 'f', 'g', 'i'])
  })

  test.each(['{{ a', '{% if a %}', '{{ a | nofilter }}', '{% nosuchtag %}', '{{ | }}'])(
    '%s is refused when it is compiled',
    (source) => {
      expect(() => liquid().compile(source, { escape: 'none' })).toThrow()
    },
  )
})

describe('missing variables', () => {
  test.each([
    ['{{ name }}', 'name'],
    ['{{ order.total }}', 'order.total'],
    ['{{ "x" | append: name }}', 'name'],
    ['{% for x in list %}{% endfor %}', 'list'],
    ['{% if order.total > 5 %}{% endif %}{{ order.total }}', 'order.total'],
  ])('%s', (source, variable) => {
    expect(() => render(source, { order: {} })).toThrow(expect.objectContaining({ variable }))
  })

  test('an undefined value is missing, null is empty', () => {
    expect(() => render('{{ name }}', { name: undefined })).toThrow('variable "name" is missing')
    expect(render('[{{ name }}]', { name: null })).toBe('[]')
  })

  test('an optional variable can be asked for', () => {
    const source = '{% if nick %}{{ nick }}{% else %}you{% endif %} {{ nick | default: "there" }}'
    expect(render(source)).toBe('you there')
    expect(render(source, { nick: 'A' })).toBe('A A')
  })

  test('in a template, they name template, channel, locale, field and variable', () => {
    const template = defineTemplate({
      id: 'welcome',
      variables: z.object({ name: z.string().optional() }),
      engine: liquid(),
      content: { sms: 'Hi' },
      locales: { uk: { sms: { text: 'Привіт, {{ name }}' } } },
    })
    const place = { template: 'welcome', channel: 'sms', locale: 'uk', field: 'text', variable: 'name' } as const
    expect(() => template.render('sms', {}, 'uk-UA')).toThrow(new TemplateError('variable "name" is missing', place))
    expect(template.render('sms', { name: 'Ада' }, 'uk-UA')).toEqual({ text: 'Привіт, Ада' })
  })

  test('a name that the schema lacks is refused when the template is defined', () => {
    const variables = z.object({ name: z.string() })
    expect(() => defineTemplate({ id: 't', variables, engine: liquid(), content: { sms: '{{ nmae }}' } })).toThrow(
      'template "t" (sms): variable "nmae" is not in the schema of the variables, which has name',
    )
  })
})

describe('escaping', () => {
  const evil = `<script>alert('x')</script> & "*_[a](http://b)_*\\`

  test('HTML cannot be injected', () => {
    expect(render('<b title="{{ v }}">{{ v }}</b>', { v: evil }, 'html')).not.toMatch(/<script|<\/script|"x"|'x'/)
    expect(render('{{ v }}', { v: '<&>"\'' }, 'html')).toBe('&lt;&amp;&gt;&quot;&#39;')
  })

  test('MarkdownV2 cannot be injected, in text or in a link target', () => {
    expect(render('*{{ v }}*', { v: 'a*b_c.' }, 'markdownV2')).toBe('*a\\*b\\_c\\.*')
    expect(render('[x]({{ v }})', { v: 'https://e.org/)[y](http://evil' }, 'markdownV2')).toBe(
      '[x](https://e\\.org/\\)\\[y\\]\\(http://evil)',
    )
  })

  test('Slack control characters can be escaped by a filter', () => {
    const filters = { slack: (value: unknown) => escapeSlack(String(value)) }
    expect(render('{{ v | slack }}', { v: '<!channel>' }, 'none', { filters })).toBe('&lt;!channel&gt;')
  })

  test('plain text is left alone', () => {
    expect(render('{{ v }}', { v: evil })).toBe(evil)
  })

  test('raw prints markup, and escape does not escape twice', () => {
    expect(render('{{ v | raw }}', { v: '<b>x</b>' }, 'html')).toBe('<b>x</b>')
    expect(render('{{ v | escape }}', { v: '<' }, 'html')).toBe('&lt;')
    expect(render('{{ v | escape | upcase }}', { v: '<' }, 'html')).toBe('&amp;LT;')
    expect(render('{{ v | raw | append: "<" }}', { v: '<' }, 'html')).toBe('&lt;&lt;')
  })

  test('echo, cycle, arrays and filters that take apart are escaped too', () => {
    expect(render('{% echo v %}{% cycle v %}{{ v | slice: 0 }}', { v: '<' }, 'html')).toBe('&lt;&lt;&lt;')
    expect(render('{{ v }}', { v: ['<', ['>'], null, 5] }, 'html')).toBe('&lt;&gt;5')
  })

  test('an object is not printed as [object Object]', () => {
    expect(() => render('{{ v }}', { v: { a: 1 } })).toThrow('name one of its fields')
    expect(() => render('{{ v }}', { v: [{}] })).toThrow('name one of its fields')
  })
})

describe('templates that strangers write', () => {
  test.each([
    '{{ v.constructor }}',
    '{{ v.__proto__ }}',
    '{{ v["constructor"] }}',
    '{{ constructor }}',
    '{{ __proto__ }}',
    '{{ toString }}',
    '{{ v.toString }}',
    '{{ v.hasOwnProperty.constructor }}',
    '{{ s.constructor.name }}',
    '{{ l.constructor }}',
    '{{ l.map }}',
    '{{ "" | append: v.constructor }}',
    '{% assign k = "constructor" %}{{ v[k] }}',
  ])('%s reaches nothing', (source) => {
    expect(() => render(source, { v: {}, s: 'x', l: [] })).toThrow(expect.objectContaining({ variable: expect.any(String) }))
  })

  test('a prototype that came in as data is only data', () => {
    const values = JSON.parse('{"v":{"__proto__":{"polluted":"yes"},"constructor":"c"}}') as Record<string, unknown>
    expect(render('{{ v.__proto__.polluted }} {{ v.constructor }}', values)).toBe('yes c')
    expect(() => render('{{ v.polluted }}', values)).toThrow('missing')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('functions in the data are never called', () => {
    let called = 0
    const values = {
      f: () => ++called,
      o: { f: () => ++called, valueOf: () => ++called, toLiquid: () => ++called, x: 1 },
    }
    expect(() => render('{{ f }}', values)).toThrow('missing')
    expect(() => render('{{ o.f }}', values)).toThrow('missing')
    expect(render('{{ o.x }}', values)).toBe('1')
    expect(called).toBe(0)
  })

  test.each(['include', 'render', 'layout'])('%s reads no file', (tag) => {
    expect(() => liquid().compile(`{% ${tag} "package.json" %}`, { escape: 'none' })).toThrow(`tag "${tag}" not found`)
  })

  test('block is not there either', () => {
    expect(() => liquid().compile('{% block a %}{% endblock %}', { escape: 'none' })).toThrow('tag "block" not found')
  })

  test.each([
    ['a huge range', '{% for i in (1..100000000) %}x{% endfor %}'],
    [
      'nested loops',
      '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['a text that doubles', `{% assign a = "0123456789" %}${'{% assign a = a | append: a %}'.repeat(40)}{{ a }}`],
    [
      'a captured text that doubles',
      `{% capture a %}x{% endcapture %}${'{% capture a %}{{ a }}{{ a }}{% endcapture %}'.repeat(40)}`,
    ],
    [
      'one that doubles raw',
      `{% capture a %}x{% endcapture %}${'{% capture a %}{{ a | raw }}{{ a | raw }}{% endcapture %}'.repeat(40)}`,
    ],
    ['much literal text in a loop', `{% for i in (1..10000) %}${'x'.repeat(1000)}{% endfor %}`],
    ['much padding', '{{ "2026-01-01" | date: "%100000000Y" }}'],
  ])('%s is cut off', (_, source) => {
    expect(() => render(source, {}, 'none', { renderLimit: 100 })).toThrow(/limit/)
  })

  test('a long template is refused', () => {
    expect(() => liquid().compile('x'.repeat(100_001), { escape: 'none' })).toThrow('parse length limit exceeded')
  })

  test('the time limit is kept', () => {
    const source = '{% for i in l %}{% for j in l %}{% for k in l %}{% endfor %}{% endfor %}{% endfor %}'
    const l = Array.from({ length: 1000 }, (_, index) => index)
    expect(() => render(source, { l }, 'none', { renderLimit: 5 })).toThrow('template render limit exceeded')
  })
})
