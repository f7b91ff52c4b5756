import { type LinkRewriter, RequestError, SendError } from 'omnicascade'
import { shortenLinks } from 'omnicascade/links'
import {
  applySmsPolicy,
  countSegments,
  escapeHtml,
  escapeMarkdownV2,
  escapeMarkdownV2Url,
  escapeSlack,
  html,
  markdownV2,
  splitSegments,
  transliterate,
} from 'omnicascade/text'
import { isTimeZone, minutesOf, opensAt } from '../../../src/cascade/window.ts'
import { millisecondsOf, toMilliseconds } from '../../../src/contract/duration.ts'
import { isWebUrl } from '../../../src/text/web-url.ts'
import { digitsOf, e164Of } from '../../../src/wire/phone.ts'
import { ensure, type Target } from '../target.ts'
import { noon } from './webhook.ts'

const decoder = new TextDecoder()
const clock = { setTimer: () => () => {} }

const asked: string[] = []
const rewriters: readonly LinkRewriter[] = [
  'https://s.example/1',
  'https://s.example/a-link-that-is-longer-than-most',
  'no link',
  '',
].map((short) =>
  shortenLinks(
    async (url) => {
      asked.push(url)
      return short
    },
    { clock },
  ),
)

/** Text as apps and their users write it. */
export const textTargets: readonly Target[] = [
  {
    name: 'links: shortenLinks',
    corpus: [
      'Your order is on its way: https://shop.example/orders/1?token=a%20b#top (or shop.example.org/1), see https://x.org/a_(b).',
      'Write to ada@example.org, or http://user:secret@example.org/private; http://[2001:db8::1]:8080/a, //cdn.example.org/x',
      'https://пример.испытание/путь?q=Ж https://example.org/🙂 example.com.ua, www.example.org/a,b;c=d',
      'nothing here',
    ],
    async call(input, random) {
      const text = decoder.decode(input)
      asked.length = 0
      const done = await random.pick(rewriters).rewrite(text, { channel: 'sms', notificationId: 'n1', dryRun: false })
      if (done === undefined) return false
      for (const url of asked) {
        const { username, password } = new URL(url)
        ensure(isWebUrl(url) && username === '' && password === '', 'a shortener was given what is no link, or holds a password')
      }
      ensure(done.text.length <= text.length, 'shortening has made the text longer')
      ensure(done.links.length > 0 || done.text === text, 'a text without short links has changed')
    },
  },
  {
    name: 'text: isWebUrl',
    corpus: [
      'https://shop.example/orders/1?token=a%20b#top',
      'http://user:secret@[2001:db8::1]:8080/a',
      'HTTPS://EXAMPLE.ORG',
      'javascript:alert(1)',
    ],
    call(input) {
      const url = decoder.decode(input)
      if (!isWebUrl(url)) return false
      ensure(/^https?:$/.test(new URL(url).protocol), 'what is no web URL was taken for one')
    },
  },
  {
    name: 'text: durations',
    corpus: ['90s', '2m', '1.5h', '3d', '250ms', '0.000001d', '999999999999999d'],
    call(input) {
      const text = decoder.decode(input)
      const milliseconds = millisecondsOf(text)
      ensure(milliseconds === undefined || (Number.isFinite(milliseconds) && milliseconds >= 0), `a duration is ${milliseconds}`)
      try {
        toMilliseconds(text as never, 'fuzz', 'within')
      } catch (error) {
        ensure(error instanceof RequestError && milliseconds === undefined, `toMilliseconds threw ${String(error)}`)
        throw error
      }
    },
  },
  {
    name: 'text: phone numbers',
    corpus: ['+420777123456', '420777123456', '00420777123456', '+1 (415) 555-1234', 'TURBOSMS', '7070'],
    call(input) {
      const text = decoder.decode(input)
      ensure(/^\+\d{6,15}$/.test(e164Of(text)) || e164Of(text) === text, 'what is no number was changed')
      try {
        ensure(/^\d{6,15}$/.test(digitsOf('Acme', text)), 'a number is none')
      } catch (error) {
        ensure(error instanceof SendError && error.kind === 'recipient', `digitsOf threw ${String(error)}`)
        ensure(text.length < 4 || !error.message.includes(text), 'an error repeats a number')
        throw error
      }
    },
  },
  {
    name: 'text: segments and transliteration',
    corpus: [
      'Your order is on its way: {x} [y] ~ | ^ \\ € — 160 characters are one message, and one more makes two of 153, which cost twice as much. So texts are counted.',
      'Ваше замовлення вже в дорозі 🙂, дякуємо! “Typographic” quotes… ﬁne, naïve, Łódź, ěščřž, \u00a0\u200b',
      'ö'.repeat(161),
      '€'.repeat(81),
      '🙂'.repeat(40),
    ],
    call(input, random) {
      const text = decoder.decode(input) + (random.chance(0.1) ? '\ud83d' : '')
      const counted = countSegments(text)
      const parts = splitSegments(text)
      ensure(parts.join('') === text && parts.length === counted.segments, 'segments are not the text')
      ensure(counted.remaining >= 0 && counted.remaining <= counted.perSegment, 'a segment is longer than segments are')
      ensure(transliterate(transliterate(text)) === transliterate(text), 'transliterating twice changes more')
      try {
        applySmsPolicy(text, {
          unicode: random.pick(['transliterate', 'reject', 'allow'] as const),
          maxSegments: 1 + random.below(3),
        })
      } catch (error) {
        ensure(error instanceof SendError && error.message.length < 300, `applySmsPolicy threw ${String(error)}`)
        throw error
      }
    },
  },
  {
    name: 'text: escapes',
    corpus: ['<b>Tom & "Jerry"</b> \'', '*bold* _it_ [a](http://x/(y)) `code` 1.5 - 2 = 0! \\', '<@U123|name> & <https://x>'],
    call(input) {
      const text = decoder.decode(input)
      ensure(!/[<>"']/.test(escapeHtml(text)) && !/[<>]/.test(escapeSlack(text)), 'markup was left')
      ensure(html`<b>${text}</b>` === `<b>${escapeHtml(text)}</b>`, 'a template literal escapes otherwise')
      ensure(markdownV2`*${text}*` === `*${escapeMarkdownV2(text)}*`, 'a template literal escapes otherwise')
      ensure(escapeMarkdownV2(text).replace(/\\(.)/gs, '$1') === text, 'escaping has lost something')
      ensure(escapeMarkdownV2Url(text).replace(/\\(.)/gs, '$1') === text, 'escaping has lost something')
    },
  },
  {
    name: 'cascade: windows and time zones',
    corpus: [
      '09:00 21:00 Europe/Prague',
      '22:00 06:00 America/St_Johns',
      '00:00 24:00 UTC',
      '02:30 02:31 +05:30',
      '23:59 00:00 Pacific/Apia',
    ],
    call(input, random) {
      const [from = '', to = '', zone = ''] = decoder.decode(input).split(' ')
      if (!isTimeZone(zone) || minutesOf(from) === undefined || minutesOf(to) === undefined) return false
      const at = random.chance(0.8) ? noon + random.below(366 * 86_400_000) : random.below(8.64e15)
      const opens = opensAt({ from, to }, zone, at)
      ensure(
        Number.isFinite(opens) && opens >= at && opens <= at + 4 * 86_400_000,
        `a window opens at ${opens}, ${opens - at} ms after ${at}`,
      )
    },
  },
]
