import { describe, expect, test } from 'vitest'
import { escapeHtml, escapeMarkdownV2, escapeMarkdownV2Url, escapeSlack, html, markdownV2, raw } from '../../src/text/escape.ts'

const specials = '_*[]()~`>#+-=|{}.!\\'

describe('escaping', () => {
  test('HTML content and attributes cannot be broken out of', () => {
    expect(escapeHtml(`<b class="x" id='y'>R&D</b>`)).toBe('&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;R&amp;D&lt;/b&gt;')
  })

  test('every special character of MarkdownV2 gets a backslash, and nothing else does', () => {
    expect(escapeMarkdownV2(specials)).toBe([...specials].map((character) => `\\${character}`).join(''))
    expect(escapeMarkdownV2('Привіт, "you" & <me>, 50%: $5 @bot ^')).toBe('Привіт, "you" & <me\\>, 50%: $5 @bot ^')
  })

  test('a link target keeps its dots', () => {
    expect(escapeMarkdownV2Url('https://example.org/a_(b)\\c')).toBe('https://example.org/a_(b\\)\\\\c')
  })

  test('Slack mentions and links cannot be forged', () => {
    expect(escapeSlack('<!channel> & <https://evil|ok> "hi"')).toBe('&lt;!channel&gt; &amp; &lt;https://evil|ok&gt; "hi"')
  })
})

describe('template literals', () => {
  test('html escapes what is put in, and keeps what is written', () => {
    expect(html`<p title="${'"><script>'}">${1} ${true} ${2n}</p>`).toBe('<p title="&quot;&gt;&lt;script&gt;">1 true 2</p>')
  })

  test('fragments that are marked raw are not escaped twice', () => {
    const rows = ['a&b', 'c'].map((row) => html`<li>${row}</li>`).join('')
    expect(html`<ul>${raw(rows)}</ul>`).toBe('<ul><li>a&amp;b</li><li>c</li></ul>')
  })

  test('an object from outside cannot pass for raw', () => {
    const forged = JSON.parse('{"markup":"<script>","raw":"<script>"}') as string
    expect(() => html`${forged}`).toThrow('html: value 1 is object')
  })

  test('a function that nobody called is an error, not its source', () => {
    const name = () => 'Ada'
    expect(() => html`Dear ${name as never}`).toThrow('html: value 1 is function; give a text, a number or raw(…)')
  })

  test('markdownV2 escapes what is put in', () => {
    expect(markdownV2`*Hi ${'A.B*'}* \\- \`code\``).toBe('*Hi A\\.B\\** \\- `code`')
  })

  test('a backslash that JavaScript would eat is an error', () => {
    expect(() => markdownV2`Done\.`).toThrow('markdownV2: write the backslash twice in a template literal, in "Done\\."')
    expect(markdownV2`Done\\. C:\\\\`).toBe('Done\\. C:\\\\')
  })

  test('errors carry a code that tells them from others', () => {
    const interpolation = expect.objectContaining({ code: 'interpolation' })
    expect(() => html`${null as never}`).toThrow(interpolation)
    expect(() => markdownV2`Done\.`).toThrow(interpolation)
  })

  test.each([null, undefined])('%s is an error, not a word in the text', (nothing) => {
    expect(() => html`${'x'} ${nothing as never}`).toThrow(`html: value 2 is ${nothing}`)
    expect(() => markdownV2`${nothing as never}`).toThrow(`markdownV2: value 1 is ${nothing}`)
  })
})
