import { OmnicascadeError, WebhookParseError } from 'omnicascade'
import { afterEach, describe, expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { isSlow, timeOf } from './growth.ts'
import { checkReceipt } from './promises.ts'
import { seed } from './support.ts'
import { createInputs, type Target } from './target.ts'

const target = (call: Target['call'], more: Partial<Target> = {}): Target => ({
  name: 'planted',
  corpus: ['{"at":1,"secret":"x"}', '{"at":2}'],
  form: 'json',
  call,
  ...more,
})
const find = (planted: Target) => fuzz(planted, { seed, from: 0, to: 500 })

describe('the fuzzer finds', () => {
  afterEach(() => {
    delete (Object.prototype as { polluted?: unknown }).polluted
  })

  test('an error that is not typed, and the fewest bytes that make it', async () => {
    const { finding } = await find(
      target((input) => {
        if (Buffer.from(input).includes('__proto__')) throw new TypeError('oops')
      }),
    )
    expect(finding?.problem).toContain('threw what is not typed: TypeError: oops')
    expect(Buffer.from(finding!.input).toString()).toBe('__proto__')
  })

  test.each([
    ['message', () => new WebhookParseError('x', 'not s3cret')],
    ['cause', () => new OmnicascadeError('closed', 'y', { cause: new Error('s3cret') })],
    ['fields', () => Object.assign(new OmnicascadeError('closed', 'y'), { given: { token: 's3cret' } })],
    ['hidden fields', () => Object.defineProperty(new OmnicascadeError('closed', 'y'), 'token', { value: 's3cret' })],
  ])('a secret in the %s of an error', async (_, make) => {
    const leaking = target(
      () => {
        throw make()
      },
      { secrets: ['s3cret'] },
    )
    expect((await find(leaking)).finding?.problem).toMatch(/^shows a secret/)
  })

  test('a prototype that was written to', async () => {
    const { finding } = await find(target(() => Object.assign(Object.prototype, { polluted: true })))
    expect(finding?.problem).toBe('Object.prototype has got polluted')
  })

  test('a receipt that no record can hold', async () => {
    const { finding } = await find(
      target((input) => {
        const { at } = JSON.parse(`${Buffer.from(input).toString().split('}')[0]}}`) as { at: number }
        checkReceipt({ provider: 'x', keys: ['k'], status: 'sent', at }, 'x')
      }),
    )
    expect(finding?.problem).toMatch(/a receipt is of|threw what is not typed/)
  })

  test('what takes more than linear time', async () => {
    const square = {
      ...target(() => {}),
      read: (input: Uint8Array) => /(\d+)+x/.test(Buffer.from(input).toString('latin1').slice(0, 22)),
    }
    const [little, more] = [await timeOf(square, Buffer.from('1'.repeat(11))), await timeOf(square, Buffer.from('1'.repeat(22)))]
    expect(more).toBeGreaterThan(little)
    expect([isSlow({ one: 50, ten: 500 }), isSlow({ one: 50, ten: 2500 }), isSlow({ one: 1, ten: 300 })]).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('the inputs', () => {
  test('begin with the payloads, and are the same for the same seed', () => {
    const inputs = (of: number) => {
      const inputOf = createInputs(
        target(() => {}),
        of,
      )
      return Array.from({ length: 200 }, (_, index) => Buffer.from(inputOf(index)).toString('latin1'))
    }
    expect(inputs(1).slice(0, 2)).toEqual(target(() => {}).corpus)
    expect(inputs(1)).toEqual(inputs(1))
    expect(inputs(1).slice(2)).not.toEqual(inputs(2).slice(2))
  })

  test('differ, and are JSON now and then', () => {
    const inputOf = createInputs(
      target(() => {}),
      seed,
    )
    const texts = Array.from({ length: 1000 }, (_, index) => Buffer.from(inputOf(index)).toString())
    expect(new Set(texts).size).toBeGreaterThan(700)
    const parsed = texts.filter((text) => {
      try {
        return JSON.parse(text) !== undefined
      } catch {
        return false
      }
    })
    expect(parsed.length).toBeGreaterThan(300)
    expect(parsed.length).toBeLessThan(800)
    expect(texts.some((text) => text.includes('"__proto__":'))).toBe(true)
  })
})
