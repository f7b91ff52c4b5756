import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import * as m from 'zod/mini'
import type { Channel } from '../../src/contract/channel.ts'
import type { EmailContent } from '../../src/contract/content.ts'
import type { Template } from '../../src/contract/template.ts'
import type { ContentSources } from '../../src/templates/content-source.ts'
import { defineTemplate } from '../../src/templates/define-template.ts'

const variables = z.object({ name: z.string(), total: z.number().default(0), at: z.string().transform((text) => new Date(text)) })
interface Input {
  name: string
  total?: number | undefined
  at: string
}

test('content keys name the channels, and the schema the variables: input for send, output for content', () => {
  const template = defineTemplate({
    id: 'order',
    variables,
    content: {
      sms: (values) => {
        expectTypeOf(values).toEqualTypeOf<{ name: string; total: number; at: Date }>()
        return `Hi ${values.name}`
      },
      email: (values) => ({ subject: values.name, text: String(values.total) }),
      telegram: 'Hi {{ name }}',
    },
    locales: { uk: { sms: (values) => ({ text: `Привіт, ${values.name}` }) } },
  })
  expectTypeOf(template).toEqualTypeOf<Template<Input, 'sms' | 'email' | 'telegram'>>()
})

test('zod/mini and valibot work the same', () => {
  const mini = defineTemplate({ id: 'a', variables: m.object({ name: m.string() }), content: { push: (values) => values.name } })
  expectTypeOf(mini).toEqualTypeOf<Template<{ name: string }, 'push'>>()
  const valibot = defineTemplate({
    id: 'b',
    variables: v.object({ name: v.string(), nick: v.optional(v.string(), 'x') }),
    content: { viber: ({ name, nick }) => ({ text: name + nick.length }) },
  })
  expectTypeOf(valibot).toEqualTypeOf<Template<{ name: string; nick?: string | undefined }, 'viber'>>()
})

test('a wrong variable name does not compile', () => {
  // @ts-expect-error nmae
  defineTemplate({ id: 'a', variables, content: { sms: ({ nmae }) => nmae } })
  // @ts-expect-error nmae
  defineTemplate({ id: 'a', variables, content: { sms: 'x', email: (values) => ({ subject: values.nmae, text: 'x' }) } })
  // @ts-expect-error nmae
  defineTemplate({ id: 'a', variables, content: { sms: 'x' }, locales: { uk: { sms: (values) => values.nmae } } })
})

test('a field that the channel does not have does not compile', () => {
  // @ts-expect-error txet
  defineTemplate({ id: 'a', variables, content: { sms: { text: 'x', txet: 'y' } } })
  // @ts-expect-error subject
  defineTemplate({ id: 'a', variables, content: { sms: () => ({ text: 'x', subject: 'y' }) } })
  // @ts-expect-error subject
  defineTemplate({ id: 'a', variables, content: { sms: (values) => ({ text: values.name, subject: 'y' }) } })
  // @ts-expect-error silent
  defineTemplate({ id: 'a', variables, content: { vk: 'x' }, locales: { uk: { vk: () => ({ text: 'x', silent: true }) } } })
  // @ts-expect-error a wrong type
  defineTemplate({ id: 'a', variables, content: { sms: (values) => ({ text: values.total }) } })
  // @ts-expect-error no subject
  defineTemplate({ id: 'a', variables, content: { email: () => ({ text: 'x' }) } })
  // @ts-expect-error an e-mail is no text alone
  defineTemplate({ id: 'a', variables, content: { email: 'x' } })
  // @ts-expect-error format
  defineTemplate({ id: 'a', variables, content: { telegram: { text: 'x', format: 'markdown' } } })
  // @ts-expect-error a promise
  defineTemplate({ id: 'a', variables, content: { whatsapp: async () => ({ text: 'x' }) } })
})

test('a channel that does not exist, or only in a locale, does not compile', () => {
  // @ts-expect-error fax
  defineTemplate({ id: 'a', variables, content: { fax: 'x' } })
  // @ts-expect-error fax
  defineTemplate({ id: 'a', variables, content: { fax: () => 'x', sms: 'x' } })
  // @ts-expect-error email
  defineTemplate({ id: 'a', variables, content: { sms: 'x' }, locales: { uk: { email: { subject: 'x', text: 'y' } } } })
})

test('content that was declared elsewhere is taken', () => {
  const email = (values: { name: string }): EmailContent => ({ subject: values.name, text: 'x' })
  const sources: ContentSources<{ name: string; total: number; at: Date }> = { sms: 'x', telegram: { text: 'x', format: 'html' } }
  const locales: Record<string, { email: typeof email }> = { uk: { email } }
  expectTypeOf(defineTemplate({ id: 'a', variables, content: { email }, locales })).toEqualTypeOf<Template<Input, 'email'>>()
  expectTypeOf(defineTemplate({ id: 'a', variables, content: sources })).toEqualTypeOf<Template<Input, Channel>>()
})

test('nested fields are checked too', () => {
  // @ts-expect-error link
  defineTemplate({ id: 'a', variables, content: { viber: { text: 'x', buttons: [{ text: 'x', link: 'y' }] } } })
  defineTemplate({ id: 'a', variables, content: { viber: () => ({ text: 'x', buttons: [{ text: 'x', url: 'y' }] }) } })
})
