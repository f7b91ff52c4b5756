import { SendError } from 'omnicascade'
import { accept, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { type Called, call, defaultTimeout } from '../../src/notifier/call.ts'
import { failureOf } from '../../src/notifier/classify.ts'

describe('what a provider throws', () => {
  test('a SendError says itself what it is', () => {
    const error = new SendError('recipient', 'bot was blocked', { code: 403, retryAfter: 1000, field: 'to' })
    expect(failureOf('telegram', error)).toEqual({
      kind: 'recipient',
      message: 'bot was blocked',
      code: '403',
      retryAfter: 1000,
      field: 'to',
    })
  })

  test.each([
    [Number.POSITIVE_INFINITY, undefined],
    [Number.NaN, undefined],
    [-5, 0],
    [5, 5],
  ])('a wait of %j is kept as %j: records hold JSON, and a vendor may ask for anything', (retryAfter, expected) => {
    expect(new SendError('transient', 'busy', { retryAfter }).toFailure().retryAfter).toBe(expected)
  })

  test('so does one of another copy of this library', () => {
    const twin = Object.assign(Object.create(Error.prototype), {
      [Symbol.for('omnicascade.error')]: true,
      code: 'send-failed',
      toFailure: () => ({ kind: 'content', message: 'too long' }),
    })
    expect(failureOf('sms', twin)).toEqual({ kind: 'content', message: 'too long' })
  })

  test.each([
    { code: 'ECONNREFUSED' },
    { code: 'ENOTFOUND' },
    { code: 'EAI_AGAIN' },
    { code: 'UND_ERR_CONNECT_TIMEOUT' },
    { code: 'ENETUNREACH', syscall: 'connect' },
    { code: 'EHOSTUNREACH', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'getaddrinfo' },
  ])('%j proves that nothing was sent: transient', (system) => {
    expect(failureOf('sms', Object.assign(new Error('connect'), system))).toEqual({
      kind: 'transient',
      message: 'sms could not be reached',
      code: system.code,
    })
  })

  test.each([{ code: 'EHOSTUNREACH', syscall: 'read' }, { code: 'ENETUNREACH', syscall: 'write' }, { code: 'EHOSTUNREACH' }])(
    '%j may come after the message: unknown',
    (system) => {
      expect(failureOf('sms', Object.assign(new Error('lost'), system))).toMatchObject({ kind: 'unknown', code: system.code })
    },
  )

  test.each([
    ['a bug', new TypeError('x is not a function'), 'sms threw TypeError'],
    ['null', null, 'sms threw null, which is no SendError'],
    ['undefined', undefined, 'sms threw a undefined, which is no SendError'],
    ['a string', '+420777123456 is blocked', 'sms threw a string, which is no SendError'],
    ['a number', 500, 'sms threw a number, which is no SendError'],
    ['an object', { status: 500, to: '+420777123456' }, 'sms threw a object, which is no SendError'],
  ])('%s proves nothing: unknown', (_, thrown, message) => {
    expect(failureOf('sms', thrown)).toEqual({ kind: 'unknown', message })
  })

  test('of a foreign error, its name and code are kept; its words, which may hold a token or an address, are not', () => {
    const words = 'POST https://api.telegram.org/bot1:S3CRET/sendMessage failed for ada@example.org (Bearer S3CRET)'
    const reset = Object.assign(new Error(words), { code: 'ECONNRESET' })
    expect(failureOf('telegram', reset)).toEqual({ kind: 'unknown', message: 'telegram threw Error', code: 'ECONNRESET' })
    for (const code of [words, '+420777123456', 'ada@example.org', {}])
      expect(failureOf('telegram', Object.assign(new Error(words), { code }))).toEqual({
        kind: 'unknown',
        message: 'telegram threw Error',
      })
    expect(failureOf('telegram', Object.assign(new Error(words), { code: 500 }))).toMatchObject({ code: '500' })
  })
})

describe('a call', () => {
  const request = { idempotencyKey: 'k' } as never
  const provider = (send: () => unknown, timeout?: '5s') => ({
    ...scriptedProvider({ channels: ['sms'] }),
    send: send as never,
    ...(timeout && { timeout }),
  })

  test.each([
    ['a result', async () => ({ messageId: '1' }), { result: { messageId: '1' } }],
    ['a result that is no promise', () => ({ messageId: '1' }), { result: { messageId: '1' } }],
    ['an empty result', async () => ({}), { result: {} }],
    ['undefined', async () => undefined, { failure: { kind: 'unknown' } }],
    [
      'undefined that is no promise',
      () => undefined,
      { failure: { kind: 'unknown', message: expect.stringContaining('returns { messageId }, or at least {}') } },
    ],
    ['null', async () => null, { failure: { kind: 'unknown' } }],
    ['true', async () => true, { failure: { kind: 'unknown' } }],
    [
      'a throw before its promise',
      () => {
        throw new SendError('content', 'too long')
      },
      { failure: { kind: 'content' } },
    ],
    [
      'a rejection',
      async () => {
        throw new SendError('transient', 'busy')
      },
      { failure: { kind: 'transient' } },
    ],
  ])('that comes to %s', async (_, send, expected) => {
    const clock = virtualClock()
    expect(await call(provider(send), request, clock, () => {}).ended).toMatchObject(expected)
    expect(clock.timers).toBe(0)
  })

  test('that hangs is cut after the time its provider gives it, or after 30 seconds', async () => {
    for (const [timeout, after] of [
      ['5s', 5000],
      [undefined, defaultTimeout],
    ] as const) {
      const clock = virtualClock()
      let signal: AbortSignal | undefined
      let called: Called | undefined
      const own = {
        ...provider(() => {}, timeout),
        send: (_: unknown, context: { signal: AbortSignal }) => {
          signal = context.signal
          return new Promise<never>(() => {})
        },
      }
      void call(own, request, clock, () => {}).ended.then((result) => {
        called = result
      })
      await clock.advance(after - 1)
      expect([called, signal?.aborted]).toEqual([undefined, false])
      await clock.advance(1)
      expect(called).toMatchObject({ failure: { kind: 'unknown', code: 'TIMEOUT' } })
      expect(signal?.aborted).toBe(true)
    }
  })

  test('that was cut and answers all the same tells that later, and not as its result', async () => {
    const clock = virtualClock()
    const late: Called[] = []
    let answer = (_: object) => {}
    const { ended } = call(
      provider(
        () =>
          new Promise<object>((resolve) => {
            answer = resolve
          }),
        '5s',
      ),
      request,
      clock,
      (called) => late.push(called),
    )
    await clock.advance('5s')
    answer({ messageId: '1' })
    await clock.advance(0)
    expect(await ended).toMatchObject({ failure: { code: 'TIMEOUT' } })
    expect(late).toEqual([{ result: { messageId: '1' } }])
  })

  test('a refusal that comes because it was cut is not taken for news', async () => {
    const clock = virtualClock()
    const late: Called[] = []
    const own = {
      ...provider(() => {}, '5s'),
      send: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    }
    const { ended } = call(own, request, clock, (called) => late.push(called))
    await clock.advance('5s')
    expect(await ended).toMatchObject({ failure: { code: 'TIMEOUT' } })
    expect(late).toMatchObject([{ failure: { kind: 'unknown' } }])
  })
})

test('a scripted reply is a provider like any other', async () => {
  const provider = scriptedProvider({ channels: ['sms'], replies: [accept({ messageId: '1' })] })
  expect(await call(provider, { idempotencyKey: 'k' } as never, virtualClock(), () => {}).ended).toEqual({
    result: { messageId: '1' },
  })
})
