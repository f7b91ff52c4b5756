import fc from 'fast-check'
import { escapeMarkdownV2, escapeMarkdownV2Url, html, markdownV2 } from 'omnicascade/text'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../src/providers/smpp/message.ts'
import { subjects } from './subjects/all.ts'
import { phone, requestFor } from './subjects/subject.ts'
import { type Call, nothing, sendAt, theWorld } from './support.ts'

/** Texts of people who know what messengers read into a text. */
const hostile = [
  '<!channel> <!here> <!everyone> <@U012AB3CD> <#C012AB3CD> <https://evil.example|bank.example>',
  '@everyone @here <@17> <@&17> <#17> <:x:17> </x:17> <t:1> @all *all @online',
  '[bank.example](https://evil.example) https://a.example/[bank.example](https://evil.example) <https://evil.example>',
  '**a** __b__ ~~c~~ ||d|| `e` ```f``` > g\n# h\n- i\n1. j',
  '<b>a</b> <a href="tg://user?id=1">b</a> <font color="#fff">c</font> &lt;!channel&gt; &amp;',
  '\\[bank\\](https://evil.example) \\\\[bank](https://evil.example)',
]
const anyText = fc.string({
  unit: fc.constantFrom(...'[]()<>@!|*_~`\\#->.&: x', 'https://a.example/', 'https://evil.example', '\n'),
  minLength: 1,
  maxLength: 40,
})

describe('what people write is text and nothing else', () => {
  const world = theWorld()

  async function told(name: string, content: object): Promise<Call> {
    const subject = subjects.find((one) => one.name === name)!
    const [{ channel, to }] = subject.requests as [(typeof subject.requests)[0]]
    const { calls, error } = await sendAt(world, subject, requestFor(channel, to, content), nothing)
    expect(calls, String(error)).toHaveLength(1)
    return calls[0]!
  }
  const jsonOf = async (name: string, content: object) => JSON.parse((await told(name, content)).body) as Record<string, unknown>

  test.each(['slack', 'slackBot'])('to %s: no mention, no link with words of its own', async (name) => {
    for (const text of hostile) {
      const plain = (await jsonOf(name, { text })).text as string
      expect(plain).not.toMatch(/[<>]/)
      expect(plain.replace(/&(lt|gt|amp);/g, '')).not.toContain('&')
      expect(plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(text)
      const { blocks } = await jsonOf(name, {
        text,
        imageUrl: 'https://example.org/a.png',
        buttons: [{ text, url: 'https://example.org' }],
      })
      const [section, image, { elements }] = blocks as [{ text: object }, object, { elements: readonly object[] }]
      expect(section).toEqual({ type: 'section', text: { type: 'mrkdwn', text: plain } })
      // Neither is read as markup.
      expect(image).toMatchObject({ alt_text: text.slice(0, 200) })
      expect(elements).toEqual([{ type: 'button', text: { type: 'plain_text', text }, url: 'https://example.org' }])
    }
  })

  /** Links with words of their own, as Markdown has them, that no backslash has made a text. */
  const maskedLink = /(?<!\\)(?:\\\\)*\[[^\]]*(?<!\\)(?:\\\\)*\]\(/

  test('to discord: no mention pings, no link has words of its own', async () => {
    for (const text of hostile) {
      const { content, allowed_mentions: mentions } = await jsonOf('discord', {
        text,
        buttons: [{ text, url: 'https://example.org' }],
      })
      expect(mentions).toEqual({ parse: [] })
      expect(content).not.toMatch(maskedLink)
    }
  })

  test('to discord and teams: whatever it is made of', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const { content } = await jsonOf('discord', { text })
        expect(content).not.toMatch(maskedLink)
        const { attachments } = await jsonOf('teams', { text })
        const [{ content: card }] = attachments as [{ content: { body: readonly { text: string }[] } }]
        expect(card.body[0]!.text).not.toMatch(maskedLink)
      }),
      { numRuns: 150 },
    )
  })

  test('to discord: links lead where they led', async () => {
    const url = 'https://example.org/a_b*c~d-(e)?f=g_h&i=[j]#k_l'
    const { content } = await jsonOf('discord', { text: `see ${url}` })
    expect(content).toBe('see https://example.org/a_b*c~d-(e)?f=g_h&i=\\[j\\]\\#k\\_l')
  })

  test('to viber: keys carry no markup', async () => {
    for (const text of hostile) {
      const { text: plain, keyboard } = await jsonOf('viber', { text, buttons: [{ text, url: 'https://example.org' }] })
      expect(plain).toBe(text)
      expect((keyboard as { Buttons: readonly { Text: string }[] }).Buttons[0]!.Text).not.toContain('<')
    }
  })

  test('to telegram: no markup is read unless the app says so', async () => {
    for (const text of hostile) expect(await jsonOf('telegram', { text })).toEqual({ text, chat_id: 421_337_001 })
  })

  test('to vk: nobody is called by a mention', async () => {
    for (const text of hostile) {
      const form = new URLSearchParams((await told('vk', { text })).body)
      expect([form.get('message'), form.get('disable_mentions')]).toEqual([text, '1'])
    }
  })

  test('to WhatsApp: parameters of a template stay parameters', async () => {
    const parameters = [...hostile, '{{1}}', '"},{"type":"text"', 'a\nb\tc    d']
    const approved = { name: 'order', language: 'en', parameters }
    const { template } = await jsonOf('whatsappCloud', { approved })
    expect(template).toMatchObject({
      components: [{ type: 'body', parameters: parameters.map((text) => ({ type: 'text', text })) }],
    })
    for (const [name, path] of [
      ['infobip', 'placeholders'],
      ['vonage', 'parameters'],
    ] as const) {
      const subject = subjects.find((one) => one.name === name)!
      const { calls } = await sendAt(world, subject, requestFor('whatsapp', phone, { approved }), nothing)
      expect(JSON.stringify(JSON.parse(calls[0]!.body))).toContain(`"${path}":${JSON.stringify(parameters)}`)
    }
    const twilio = subjects.find((one) => one.name === 'twilio')!
    const { calls } = await sendAt(
      world,
      twilio,
      requestFor('whatsapp', phone, { approved: { ...approved, name: `HX${'0'.repeat(32)}` } }),
      nothing,
    )
    const variables = JSON.parse(new URLSearchParams(calls[0]!.body).get('ContentVariables')!) as object
    expect(Object.values(variables)).toEqual(parameters)
  })

  test('to Kannel: a key with what Kannel replaces in it stays a key', async () => {
    const kannel = subjects.find((one) => one.name === 'kannel')!
    const request = { ...kannel.requests[0]!, idempotencyKey: 'a%d%A&dlr=1&token=x#y.0.0' }
    const { calls } = await sendAt(world, kannel, request as never, nothing)
    const url = calls[0]!.headers.get('x-kannel-dlr-url')!
    const called = new URL(url.replace('%d', '8').replace('%T', '1').replace('%A', 'x').replaceAll('%%', '%'))
    expect([...called.searchParams]).toEqual([
      ['token', 'hook-s3cret-ka'],
      ['key', request.idempotencyKey],
      ['dlr', '8'],
      ['at', '1'],
      ['answer', 'x'],
    ])
  })
})

describe('escapes', () => {
  /** What is left of MarkdownV2 once each escaped character is taken out: none of what Telegram reads as markup may be among it. */
  const unescaped = (text: string) => text.replace(/\\[\s\S]/g, '')
  const anything = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...'_*[]()~`>#+-=|{}.!\\<>&"\' a\n') }),
  )

  test('MarkdownV2 has nothing left that means something', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(unescaped(escapeMarkdownV2(text))).not.toMatch(/[_*[\]()~`>#+\-=|{}.!\\]/)
        expect(unescaped(escapeMarkdownV2Url(text))).not.toMatch(/[)\\]/)
        expect(escapeMarkdownV2(text).replace(/\\([\s\S])/g, '$1')).toBe(text)
        expect(unescaped(markdownV2`*${text}*`)).toMatch(/^\*[^*]*\*$/)
      }),
    )
  })

  test('HTML has no tag, no entity and no end of an attribute but its own', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const made = html`<a title="${text}">${text}</a>`
        expect(made.match(/[<>]/g)).toHaveLength(4)
        expect(made.match(/"/g)).toHaveLength(2)
        expect(made.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&']/)
      }),
    )
  })
})

describe('SMS', () => {
  const bodyOf = (text: string) =>
    partsOf({
      digits: '420777123456',
      content: { text },
      sender: { address: 'Shop', ton: 5, npi: 0 },
      within: 60_000,
      idempotencyKey: 'n1.0.0',
    })

  test('a text cannot reach the escape table of GSM 03.38, nor be a header', () => {
    for (const text of ['\u001be', '\u001b\u0014x', 'x\u001b', '\u0005\u0000\u0003\u0001\u0002\u0001x']) {
      const [part] = bodyOf(text) as [Record<string, unknown>]
      expect(part).toMatchObject({ data_coding: 8, esm_class: 0 })
      expect(
        Buffer.from(part.short_message as Buffer)
          .swap16()
          .toString('utf16le'),
      ).toBe(text)
    }
  })

  test('fields of SMPP are those that it has, and none of those that are set here', () => {
    const content = (own: object) => ({ text: 'Hi', vendor: { smpp: own as never } })
    const common = {
      digits: '420777123456',
      sender: { address: 'Shop', ton: 5, npi: 0 },
      within: 60_000,
      idempotencyKey: 'n1.0.0',
    }
    for (const own of [
      { message_payload: 'x' },
      { password: 'x' },
      { command_id: 1 },
      { constructor: 1 },
      { toString: 'x' },
      { user_message_reference: { evil: 1 } },
    ])
      expect(() => partsOf({ ...common, content: content(own) })).toThrow(expect.objectContaining({ kind: 'content' }))
    const [part] = partsOf({ ...common, content: content({ service_type: 'CMT', priority_flag: 1 }) })
    expect(part).toMatchObject({ service_type: 'CMT', destination_addr: '420777123456', source_addr: 'Shop' })
  })
})
