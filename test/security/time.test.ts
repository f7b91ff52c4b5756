import { describe, expect, test } from 'vitest'
import { mailboxOf } from '../../src/wire/mail.ts'
import { isPublicHttps, isPublicLink } from '../../src/wire/public-url.ts'
import { vendorWords } from '../../src/wire/redact.ts'
import { subjects } from './subjects/all.ts'
import { nothing, sendAt, slotsOf, theWorld, withText } from './support.ts'

const long = 120_000
/** What a pattern that looks back takes longest for; a square of this length is over a second, a cube is hours. */
const patterns = [' ', 'a.', 'a@', '<"[(', '1-', 'http://a']
const texts = patterns.flatMap((pattern) => [
  pattern.repeat(long / pattern.length),
  `a${pattern.repeat(long / pattern.length)}\u0001`,
])
const most = 1000

function timed(run: () => unknown): number {
  const from = performance.now()
  run()
  return performance.now() - from
}

describe.each(subjects.filter(({ over = 'http' }) => over === 'http'))('$name', (subject) => {
  const world = theWorld()

  test('takes no longer for a text because of what is in it', async () => {
    const [request] = subject.requests as [(typeof subject.requests)[0]]
    for (const slot of slotsOf(request))
      for (const text of texts) {
        // The time of this thread alone, in which nothing else could happen: what a call takes on the way is not counted.
        const before = performance.eventLoopUtilization()
        await sendAt(world, subject, withText(request, slot, text), nothing)
        const { active } = performance.eventLoopUtilization(before)
        expect(active, `${slot.join('.')} = ${JSON.stringify(text.slice(0, 12))}…`).toBeLessThan(most)
      }
  })
})

test.each(Object.entries({ mailboxOf, isPublicHttps, isPublicLink, vendorWords }))('%s is linear', (_, run) => {
  for (const text of [
    ...texts,
    ...texts.map((one) => one.trim()),
    ...texts.map((one) => `https://${one}/`),
    ...texts.map((one) => `Ada ${one}<a@b.c>`),
  ])
    expect(
      timed(() => run(text)),
      JSON.stringify(text.slice(0, 20)),
    ).toBeLessThan(most)
})
