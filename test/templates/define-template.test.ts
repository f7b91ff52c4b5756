import { TemplateError } from 'omnicascade'
import { type TemplateEngine, templateEngine } from 'omnicascade/templates/engine'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import * as m from 'zod/mini'
import { defineTemplate } from '../../src/templates/define-template.ts'

const variables = z.object({ name: z.string(), nick: z.string().optional(), total: z.number().default(0) })

/** The smallest engine that fits the interface: `<name>` is replaced. */
const angles: TemplateEngine = templateEngine({
  name: 'angles',
  compile(source, { escape: escaping }) {
    if (source.includes('<>')) throw new SyntaxError('empty name')
    const names = [...source.matchAll(/<(\w+)>/g)].map(([, name]) => name!)
    return {
      variables: names,
      render: (values) =>
        source.replace(/<(\w+)>/g, (_, name: string) => {
          if (values[name] === undefined) throw Object.assign(new Error('gone'), { variable: name })
          return `${escaping}(${String(values[name])})`
        }),
    }
  },
})

function errorOf(run: () => unknown): TemplateError {
  try {
    run()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error('expected a TemplateError')
}

/** As JavaScript callers may call it. */
const define = (definition: object) => defineTemplate({ id: 't', variables, ...definition } as never)

describe('function content', () => {
  const template = defineTemplate({
    id: 'order',
    variables,
    content: {
      sms: ({ name, total }) => `Hi ${name}, ${total}`,
      email: ({ name }) => ({ subject: `For ${name}`, text: 'x' }),
    },
    locales: {
      uk: { sms: ({ name }) => ({ text: `Привіт, ${name}`, sender: 'Shop' }) },
      'pt-BR': { sms: () => 'oi' },
    },
    sms: { unicode: 'transliterate', maxSegments: 2 },
  })

  test('the template says what it is', () => {
    expect(template).toMatchObject({ id: 'order', version: '1', channels: ['sms', 'email'], sms: { maxSegments: 2 } })
    expect(defineTemplate({ id: 'o', version: 2, variables, content: { sms: () => 'x' } }).version).toBe('2')
  })

  test('renders text alone and whole content', () => {
    expect(template.render('sms', { name: 'Ada', total: 5 }, undefined)).toEqual({ text: 'Hi Ada, 5' })
    expect(template.render('email', { name: 'Ada', total: 5 }, 'en')).toEqual({ subject: 'For Ada', text: 'x' })
  })

  test.each([
    ['uk-UA', 'Привіт, Ada'],
    ['uk', 'Привіт, Ada'],
    ['UK_ua', 'Привіт, Ada'],
    ['uk-Cyrl-UA-x-private', 'Привіт, Ada'],
    ['ukr', 'Hi Ada, 0'],
    ['pt-BR', 'oi'],
    ['pt', 'Hi Ada, 0'],
    ['', 'Hi Ada, 0'],
    ['-', 'Hi Ada, 0'],
    ['no such locale', 'Hi Ada, 0'],
  ])('locale %j gives %j', (locale, text) => {
    expect(template.render('sms', { name: 'Ada', total: 0 }, locale)?.text).toBe(text)
  })

  test('each channel falls back by itself', () => {
    expect(template.render('email', { name: 'Ada', total: 0 }, 'uk-UA')?.subject).toBe('For Ada')
  })

  test('a channel without content renders to undefined', () => {
    expect(template.render('telegram', { name: 'Ada' }, 'uk')).toBeUndefined()
    const local = define({ content: { sms: () => 'x' }, locales: { uk: { push: () => 'y' } } })
    expect(local.channels).toEqual(['sms', 'push'])
    expect(local.render('push', {}, undefined)).toBeUndefined()
    expect(local.render('push', {}, 'uk-UA')).toEqual({ text: 'y' })
  })
})

describe('validate', () => {
  const template = defineTemplate({ id: 't', variables, content: { sms: () => 'x' } })

  test('gives the output of the schema', () => {
    expect(template.validate({ name: 'Ada' })).toEqual({ value: { name: 'Ada', total: 0 } })
  })

  test('lists all issues with their paths', async () => {
    expect(template.validate({ total: 'x' })).toEqual({
      issues: [
        { path: 'variables.name', message: expect.any(String) },
        { path: 'variables.total', message: expect.any(String) },
      ],
    })
    expect(template.validate(null)).toEqual({ issues: [{ path: 'variables', message: expect.any(String) }] })
    const nested = v.object({ items: v.array(v.object({ price: v.number() })) })
    const valibot = defineTemplate({ id: 't', variables: nested, content: { sms: () => 'x' } })
    expect(valibot.validate({ items: [{ price: 1 }, {}] })).toMatchObject({ issues: [{ path: 'variables.items[1].price' }] })
    const slow = m.object({ name: m.string().check(m.refine(async (name) => name !== 'x', 'no x')) })
    const asynchronous = defineTemplate({ id: 't', variables: slow, content: { sms: () => 'x' } })
    expect(await asynchronous.validate({ name: 'y' })).toEqual({ value: { name: 'y' } })
    expect(await asynchronous.validate({ name: 'x' })).toEqual({ issues: [{ path: 'variables.name', message: 'no x' }] })
  })

  test('may be a function with the schema beside it, as arktype makes them', () => {
    const types: { input: { name: string }; output: { name: string } } | undefined = undefined
    const validate = (value: unknown) =>
      typeof (value as { name?: unknown } | null)?.name === 'string'
        ? { value: value as { name: string } }
        : { issues: [{ message: 'name must be a string (was missing)', path: ['name'] }] }
    const standard = { version: 1, vendor: 'arktype', validate, types } as const
    const type = Object.assign((value: unknown) => value, { '~standard': standard })
    const template = defineTemplate({ id: 't', variables: type, content: { sms: ({ name }) => `Hi ${name}` } })
    expect(template.validate({ name: 'Ada' })).toEqual({ value: { name: 'Ada' } })
    expect(template.validate({})).toEqual({
      issues: [{ path: 'variables.name', message: 'name must be a string (was missing)' }],
    })
  })

  test('a schema that throws is a TemplateError', async () => {
    const boom = () => {
      throw new Error('boom')
    }
    const throwing = v.pipe(v.string(), v.transform(boom))
    const rejecting = { '~standard': { version: 1, vendor: 'own', validate: async () => boom() } } as const
    const sync = defineTemplate({ id: 't', variables: throwing, content: { sms: () => 'x' } })
    expect(() => sync.validate('x')).toThrow('template "t": the schema of its variables threw')
    const asynchronous = defineTemplate({ id: 't', variables: rejecting, content: { sms: () => 'x' } })
    await expect(asynchronous.validate('x')).rejects.toMatchObject({ name: 'TemplateError', cause: new Error('boom') })
  })
})

describe('text content', () => {
  test('every text within the content is a template, escaped for the field it is in', () => {
    const template = define({
      engine: angles,
      content: {
        sms: 'Hi <name>',
        email: { subject: '<name>', text: '<name>', html: '<name>', headers: { 'X-Name': '<name>' } },
        telegram: { text: '<name>', format: 'markdownV2', silent: true, buttons: [{ text: '<name>', url: 'https://x/<name>' }] },
        viber: { text: '<name>' },
      },
      locales: { uk: { telegram: { text: '<name>', format: 'html' } }, de: { telegram: '<name>' } },
    })
    const values = { name: 'A', total: 0 }
    expect(template.render('sms', values, undefined)).toEqual({ text: 'Hi none(A)' })
    expect(template.render('email', values, undefined)).toEqual({
      subject: 'none(A)',
      text: 'none(A)',
      html: 'html(A)',
      headers: { 'X-Name': 'none(A)' },
    })
    expect(template.render('telegram', values, undefined)).toEqual({
      text: 'markdownV2(A)',
      format: 'markdownV2',
      silent: true,
      buttons: [{ text: 'none(A)', url: 'https://x/none(A)' }],
    })
    expect(template.render('telegram', values, 'uk')).toEqual({ text: 'html(A)', format: 'html' })
    expect(template.render('telegram', values, 'de')).toEqual({ text: 'none(A)' })
    expect(template.render('viber', values, 'uk')).toEqual({ text: 'none(A)' })
  })

  test('is compiled once, when the template is defined', () => {
    const compiled: string[] = []
    const counting = templateEngine({
      name: 'counting',
      compile(source) {
        compiled.push(source)
        return { variables: undefined, render: () => source }
      },
    })
    const template = define({ engine: counting, content: { sms: 'x' }, locales: { uk: { sms: 'y' } } })
    expect(compiled).toEqual(['x', 'y'])
    template.render('sms', {}, undefined)
    template.render('sms', {}, 'uk')
    expect(compiled).toEqual(['x', 'y'])
  })

  test('without an engine it is refused, and the error says what to do', () => {
    const error = errorOf(() => define({ content: { sms: () => 'x', email: { subject: 'x', text: 'y' } } }))
    expect(error.message).toContain('template "t" (email): content that is no function needs an engine, such as liquid()')
    expect(error.place).toMatchObject({ template: 't', channel: 'email' })
  })

  test('that cannot be read is refused where it stands', () => {
    const error = errorOf(() =>
      define({ engine: angles, content: { sms: 'x' }, locales: { uk: { sms: { text: 'y', sender: '<>' } } } }),
    )
    expect(error.message).toBe('template "t" (sms.uk.sender): angles cannot read it: empty name')
    expect(error.cause).toBeInstanceOf(SyntaxError)
  })

  test.each([
    ['zod', z.object({ name: z.string() })],
    ['strict zod', z.strictObject({ name: z.string() })],
    ['refined zod', z.object({ name: z.string() }).refine(() => true)],
    ['zod/mini', m.object({ name: m.string() })],
    ['valibot', v.object({ name: v.string() })],
    ['strict valibot', v.strictObject({ name: v.string() })],
    [
      'checked valibot',
      v.pipe(
        v.object({ name: v.string() }),
        v.check(() => true),
      ),
    ],
  ])('a name that the %s schema does not have is refused at definition', (_, schema) => {
    const content = { viber: { text: '<name>', buttons: [{ text: '<nmae>', url: 'x' }] } }
    const error = errorOf(() =>
      define({ variables: schema, engine: angles, content: { sms: () => 'x' }, locales: { 'uk-UA': content } }),
    )
    expect(error.place).toEqual({ template: 't', channel: 'viber', locale: 'uk-UA', field: 'buttons[0].text', variable: 'nmae' })
    expect(error.message).toContain('variable "nmae" is not in the schema of the variables, which has name')
  })

  test.each([
    ['loose zod', z.looseObject({ name: z.string() })],
    ['zod with a catchall', z.object({}).catchall(z.string())],
    ['transformed zod', z.object({ name: z.string() }).transform((value) => ({ ...value, other: 'x' }))],
    ['a record', z.record(z.string(), z.string())],
    ['loose zod/mini', m.looseObject({ name: m.string() })],
    ['loose valibot', v.looseObject({ name: v.string() })],
    [
      'transformed valibot',
      v.pipe(
        v.object({ name: v.string() }),
        v.transform((value) => ({ ...value, other: 'x' })),
      ),
    ],
  ])('a schema that may have more names (%s) is not asked', (_, schema) => {
    const template = define({ variables: schema, engine: angles, content: { sms: '<other>' } })
    expect(template.render('sms', { other: 'x' }, undefined)).toEqual({ text: 'none(x)' })
  })

  test('a missing variable is an error that names template, channel, locale, field and variable', () => {
    const template = define({
      engine: angles,
      content: { sms: 'x' },
      locales: { uk: { email: { subject: '<nick>', text: 'x' } } },
    })
    const error = errorOf(() => template.render('email', { name: 'Ada' }, 'uk-UA'))
    expect(error.message).toBe('template "t" (email.uk.subject): variable "nick" is missing')
    expect(error.place).toEqual({ template: 't', channel: 'email', locale: 'uk', field: 'subject', variable: 'nick' })
    expect(errorOf(() => template.render('email', null, 'uk')).place.variable).toBe('nick')
  })
})

describe('a missing variable in function content', () => {
  const rendering = (content: (values: never) => unknown, values: object) => () =>
    define({ content: { sms: () => 'x' }, locales: { uk: { sms: content } } }).render('sms', values, 'uk')

  test('is an error where its absence would be printed', () => {
    const error = errorOf(rendering(({ name }: { name: string }) => `Hi ${name}`, {}))
    expect(error.message).toBe('template "t" (sms.uk): variable "name" is missing')
    expect(error.place).toEqual({ template: 't', channel: 'sms', locale: 'uk', variable: 'name' })
  })

  test('is named by its path', () => {
    const content = (values: { order: { items: { title: string }[] } }) =>
      values.order.items.map(({ title }) => `- ${title}`).join()
    expect(errorOf(rendering(content, { order: { items: [{ title: 'a' }, {}] } })).place.variable).toBe('order.items.1.title')
    const throwing = (values: { name: string }) => values.name.toUpperCase()
    const error = errorOf(rendering(throwing, Object.freeze({})))
    expect(error.place.variable).toBe('name')
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  test('is told from an optional one that the function copes with', () => {
    type Values = { name: string; nick?: string }
    expect(errorOf(rendering(({ nick = 'you', name }: Values) => `${nick} ${name}`, {})).place.variable).toBe('name')
    expect(rendering(({ nick }: Values) => `x is undefined, ${nick ?? 'you'}`, {})()).toEqual({ text: 'x is undefined, you' })
    expect(rendering(({ nick }: Values) => (nick ? `Hi ${nick}` : 'undefined is not a function'), {})()).toMatchObject({})
    expect(rendering(({ name }: Values) => `Hi ${name}`, { name: 'undefined' })()).toEqual({ text: 'Hi undefined' })
  })

  test('a function that throws for a reason of its own keeps it as the cause', () => {
    const error = errorOf(
      rendering(({ nick }: { nick?: string }) => {
        throw new RangeError(`bad ${nick ? 1 : 2}`)
      }, {}),
    )
    expect(error.message).toBe('template "t" (sms.uk): its content function threw RangeError')
    expect(error.cause).toEqual(new RangeError('bad 2'))
    expect(error.place.variable).toBeUndefined()
    const odd = rendering(() => {
      throw 'a string'
    }, {})
    expect(errorOf(odd).message).toContain('threw string')
  })
})

describe('content that cannot be sent', () => {
  test.each([
    ['sms', '', 'text', 'the text is missing or empty'],
    ['sms', ' \n', 'text', 'the text is missing or empty'],
    ['sms', {}, 'text', 'the text is missing or empty'],
    ['sms', { text: 5 }, 'text', 'the text is missing or empty'],
    ['sms', undefined, undefined, 'the content must be a plain object'],
    ['sms', null, undefined, 'the content must be a plain object'],
    ['sms', ['x'], undefined, 'the content must be a plain object'],
    ['sms', Promise.resolve({ text: 'x' }), undefined, 'the content must be a plain object'],
    ['push', { text: '' }, 'text', 'the text is missing or empty'],
    ['telegram', '', 'text', 'the text is missing or empty'],
    ['whatsapp', { text: '' }, 'text', 'the text is missing or empty'],
    ['whatsapp', {}, 'text', 'the text is missing or empty'],
    ['email', 'x', undefined, 'the content must be a plain object'],
    ['email', { text: 'x' }, 'subject', 'an e-mail needs a subject'],
    ['email', { subject: 'x' }, 'text', 'an e-mail needs text or html that is not empty'],
    ['email', { subject: 'x', text: '', html: ' ' }, 'text', 'an e-mail needs text or html that is not empty'],
    ['email', { subject: 'x\r\nBcc: y@example.org', text: 'x' }, 'subject', 'must not contain line breaks'],
    ['email', { subject: 'x', text: 'x', replyTo: 'a\nb' }, 'replyTo', 'must not contain line breaks'],
    ['email', { subject: 'x', text: 'x', headers: { 'X-A': 'a\rb' } }, 'X-A', 'must not contain line breaks'],
    ['email', { subject: 'x', text: 'x', headers: { 'X-A: b\r\nX-B': 'a' } }, 'headers', 'must not contain line breaks'],
    ['email', { subject: 'x', text: 'x', headers: { 'X-A': { prepared: true, value: 'a\r\nb' } } }, 'X-A', 'must be a string'],
    ['email', { subject: 'x', text: 'x', headers: { 'X-A': ['a'] } }, 'X-A', 'must be a string'],
    ['email', { subject: 'x', text: 'x', replyTo: { address: 'a@b' } }, 'replyTo', 'must be a string'],
  ] as const)('%s %j', (channel, content, field, message) => {
    const template = define({ content: { [channel]: () => content } })
    const error = errorOf(() => template.render(channel, {}, undefined))
    expect(error.message).toContain(message)
    expect(error.place).toEqual({ template: 't', channel, field })
  })

  test.each([
    ['push', { title: 'x', text: '' }],
    ['telegram', { text: '', imageUrl: 'https://example.org/a.png' }],
    ['whatsapp', { approved: { name: 'a', language: 'en' } }],
    ['email', { subject: 'x', html: '<p>x</p>' }],
  ] as const)('%s %j is fine', (channel, content) => {
    expect(define({ content: { [channel]: () => content } }).render(channel, {}, undefined)).toEqual(content)
  })
})

describe('definitions that cannot work', () => {
  const text = () => 'x'
  test.each<[object, string]>([
    [{ id: '', content: { sms: text } }, 'id must be'],
    [{ variables: {}, content: { sms: text } }, 'must be a Standard Schema'],
    [{ variables: undefined, content: { sms: text } }, 'must be a Standard Schema'],
    [{ content: {} }, 'no content for any channel'],
    [{ content: { fax: text } }, '"fax" is none of sms, email'],
    [{ content: { sms: 5 } }, 'content must be a function, an object or (save for e-mail) a string'],
    [{ content: { email: 'x' } }, 'content must be a function, an object or (save for e-mail) a string'],
    [{ content: { sms: null } }, 'content must be a function, an object or (save for e-mail) a string'],
    [{ content: { sms: text }, locales: { 'not a tag': {} } }, 'a locale is a BCP 47 tag'],
  ])('%j', (definition, message) => {
    expect(errorOf(() => define(definition)).message).toContain(message)
  })
})
