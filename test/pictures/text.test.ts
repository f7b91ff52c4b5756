import { stripVTControlCharacters } from 'node:util'
import { formatTimeline } from 'omnicascade'
import { formatExplanation, terminalTimeline } from 'omnicascade/pictures'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { tellAll, tellPlan } from '../../examples/pictures/stories.ts'

const { fallback, night } = await tellAll()
const plan = await tellPlan()

describe('a timeline in a terminal', () => {
  afterEach(() => vi.unstubAllEnvs())

  /** As if standard output were a terminal, or were not. */
  function terminal(isTTY: boolean, env: Readonly<Record<string, string>> = {}): boolean {
    vi.unstubAllEnvs()
    for (const [name, value] of Object.entries({ NO_COLOR: '', FORCE_COLOR: '', TERM: 'xterm', ...env })) vi.stubEnv(name, value)
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
    Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true })
    try {
      return terminalTimeline(fallback) !== formatTimeline(fallback)
    } finally {
      if (before) Object.defineProperty(process.stdout, 'isTTY', before)
      else Reflect.deleteProperty(process.stdout, 'isTTY')
    }
  }

  test('is coloured where output is a terminal, unless the environment says otherwise', () => {
    expect(terminal(true)).toBe(true)
    expect(terminal(false)).toBe(false)
    expect(terminal(true, { NO_COLOR: '1' })).toBe(false)
    expect(terminal(true, { TERM: 'dumb' })).toBe(false)
    expect(terminal(false, { FORCE_COLOR: '1' })).toBe(true)
    expect(terminal(true, { FORCE_COLOR: '0' })).toBe(false)
    expect(terminal(false, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
  })

  test('says the same without its colours, which tell success from failure', () => {
    const coloured = terminalTimeline(fallback, { colour: true, timeZone: 'Europe/Prague' })
    expect(stripVTControlCharacters(coloured)).toBe(formatTimeline(fallback, { timeZone: 'Europe/Prague' }))
    const [shadeOfFailure, shadeOfSuccess] = [/failed: Forbidden/, /succeeded/].map((words) =>
      coloured
        .split('\n')
        .find((line) => words.test(line))!
        .slice(0, 5),
    )
    expect([shadeOfFailure, shadeOfSuccess]).toEqual(['\u001b[31m', '\u001b[32m'])
    expect(terminalTimeline(night, { colour: true })).toContain('\u001b[33m')
    expect(terminalTimeline(fallback, { colour: false })).toBe(formatTimeline(fallback))
  })
})

describe('a plan', () => {
  test('says who would send what when, how long it waits, and what it costs', () => {
    expect(formatExplanation(plan, { timeZone: 'Europe/Prague' }).split('\n')).toEqual([
      'plan: sent at 09:00:00 (2026-06-03, Europe/Prague)',
      '1. telegram  at once: 09:00:00',
      '             by telegram, waits 5 m for a receipt where one can come',
      '2. sms       if the steps before fail: 09:00:00',
      '             by sendios, waits 2 m for a receipt where one can come, 1 SMS segment (gsm-7), 0.042 EUR',
      '3. email     if the steps before have not delivered by then: 09:02:00 (+2 m)',
      '             by smtp, waits 5 m for a receipt where one can come',
      'costs nothing if the first channel delivers, at most 0.042 EUR; no price is known of steps 1, 3',
    ])
  })

  test('says why a step cannot be sent, and nothing of cost where nobody knows prices', () => {
    const [first, second, third] = plan.steps
    const skipped = { ...first!, applies: false, reason: 'no-address' as const, when: null, startsAt: null }
    const broken = { ...second!, cost: null, failure: { kind: 'content' as const, message: 'too\nlong' } }
    const never = { ...third!, required: true, startsAt: null }
    const words = formatExplanation({ ...plan, expiresAt: plan.sendAt + 60_000, steps: [skipped, broken, never], cost: null })
    expect(words).toContain('expires at 07:01:00')
    expect(words).toContain('1. telegram  skipped: no address')
    expect(words).toContain('cannot be sent: too long (content)')
    expect(words).toContain('3. email     in any case: never, for the notification has ended by then')
    expect(words).not.toMatch(/EUR|costs/)
  })

  test('shows no address', () => {
    expect(formatExplanation(plan)).not.toMatch(/777123456|ada@example/)
  })
})
