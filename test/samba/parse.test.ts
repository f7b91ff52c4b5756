import { getEventListeners } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { parseSambaEvents, type SambaParseOptions, type SambaSmsEvent, type SambaSource, StreamError } from 'omnicascade/samba'
import { describe, expect, test } from 'vitest'
import { alikeStream, bad, cut, event, framed, json, sizes } from './arbitraries.ts'
import { readPlainly } from './reference.ts'

const sample = readFileSync(new URL('./fixtures/sample.txt', import.meta.url), 'utf8')
const bytes = (text: string) => new TextEncoder().encode(text)

/** Everything that a source gives: events, and the errors on the way. */
async function read(source: SambaSource, options: SambaParseOptions = {}) {
  const events: SambaSmsEvent[] = []
  const errors: StreamError[] = []
  for await (const given of parseSambaEvents(source, { onError: (error) => errors.push(error), ...options })) events.push(given)
  return { events, errors: errors.map(({ code, record, offset, message }) => ({ code, record, offset, message })) }
}

async function failureOf(source: SambaSource, options?: SambaParseOptions) {
  const events: SambaSmsEvent[] = []
  try {
    for await (const given of parseSambaEvents(source, options)) events.push(given)
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError)
    return { events, error: error as StreamError }
  }
  throw new Error('nothing was thrown')
}

const one = {
  smsEvent: { trackpoint: '4541245641234564', userId: '123456', status: 'DELIVERED', date: 1673763160310 },
  source: { type: 'one-off', campaign: { id: 'b2c8c642', name: 'Black Friday' }, sendDate: 1673763160010 },
} as const
const line = json(one)

describe('the sample of the documentation', () => {
  test('is two events: one of a one-off campaign, one of a flow', async () => {
    const { events, errors } = await read(sample)
    expect(errors).toEqual([])
    expect(events).toEqual([
      {
        smsEvent: { trackpoint: '4541245641234564', userId: '123456', status: 'DELIVERED', date: 1673763160310 },
        source: {
          type: 'one-off',
          campaign: { id: 'b2c8c642-ad39-11ed-afa1-0242ac120002', name: 'Black Friday' },
          sendDate: 1673763160010,
        },
      },
      {
        smsEvent: { trackpoint: '4541245641234564', userId: '123456', status: 'DELIVERED', date: 1673753160310 },
        source: {
          type: 'flow',
          campaign: { id: 'cd434c68-ad39-11ed-afa1-0242ac120002', name: 'Retention' },
          node: { id: '32411fb4-ad3a-11ed-afa1-0242ac120002', name: 'Retention VIP SMS' },
          sendDate: 1673753160010,
        },
      },
    ])
  })
})

describe('the three framings', () => {
  test('in any mixture, cut at any byte, give the events that were written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(framed, { maxLength: 8 }), fc.boolean(), sizes, async (records, mark, at) => {
        const text = (mark ? '\uFEFF' : '') + records.map((record) => record.text).join('')
        const { events, errors } = await read(cut(bytes(text), at))
        expect(errors).toEqual([])
        expect(events).toEqual(records.map((record) => record.event))
      }),
      { numRuns: 300 },
    )
  })

  test('as chunks of text, cut also within a character, give the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(framed, { maxLength: 4 }), fc.integer({ min: 1, max: 9 }), async (records, size) => {
        const text = records.map((record) => record.text).join('')
        const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size))
        expect((await read(chunks)).events).toEqual(records.map((record) => record.event))
      }),
    )
  })

  test('with bad records in between lose none of the good ones, and report each bad one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(framed, bad), { maxLength: 8 }), sizes, async (records, at) => {
        const text = records.map((record) => ('event' in record ? `\n${record.text}` : `\n${record.text}\u001e`)).join('')
        const { events, errors } = await read(cut(bytes(text), at))
        expect(events).toEqual(records.flatMap((record) => ('event' in record ? [record.event] : [])))
        expect(errors.map(({ code }) => code)).toEqual(
          records.flatMap((record) => ('event' in record ? [] : Array.from({ length: record.errors }, () => record.code))),
        )
      }),
      { numRuns: 300 },
    )
  })

  describe('beside a parser that is slow and plain', () => {
    const scrap = fc.constantFrom(
      '{',
      '}',
      '{"a":',
      '"',
      '\\',
      '\n',
      '\r\n',
      '\u001e',
      ' ',
      ',',
      '[',
      ']',
      'x',
      '\n{',
      '}\n{',
      '{"a":1}',
      '\u00e9',
      line,
      sample,
    )
    const soup = fc.array(
      fc.oneof(
        scrap,
        framed.map(({ text }) => text),
        bad.map(({ text }) => text),
      ),
      { maxLength: 12, size: 'max' },
    )

    /** What the parser gives of a stream, in the words of the other. */
    async function readCut(all: Uint8Array, at: readonly number[]) {
      const { events, errors } = await read(cut(all, at))
      const prefix = (record: number | undefined, offset: number | undefined) => `Samba record ${record} at byte ${offset} `
      return {
        events,
        errors: errors.map(({ code, record, offset, message }) => {
          expect(message).toContain(prefix(record, offset))
          return { code, record, offset, what: message.slice(prefix(record, offset).length) }
        }),
      }
    }

    test('give the same events and errors however a stream is cut, and whatever it holds', async () => {
      await fc.assert(
        fc.asyncProperty(soup, fc.boolean(), sizes, async (parts, mark, at) => {
          const all = bytes((mark ? '\uFEFF' : '') + parts.join(''))
          const expected = readPlainly(all)
          expect(await readCut(all, [all.length || 1])).toEqual(expected)
          expect(await readCut(all, at)).toEqual(expected)
        }),
        { numRuns: 500 },
      )
    })

    test('give the same for records that are much alike, with any of their bytes changed', async () => {
      await fc.assert(
        fc.asyncProperty(alikeStream, sizes, async (all, at) => {
          const expected = readPlainly(all)
          expect(await readCut(all, [all.length || 1])).toEqual(expected)
          expect(await readCut(all, at)).toEqual(expected)
        }),
        { numRuns: 500 },
      )
    })
  })
})

describe('what is in a record', () => {
  test('a trackpoint past 2^53 keeps its digits, as does a numeric user id, and either may be a string', async () => {
    const spell = (trackpoint: string, userId = '"u"') => line.replace('4541245641234564', trackpoint).replace('"123456"', userId)
    const { events } = await read(
      ['9007199254740993', '18446744073709551615', '"007"', '12']
        .map((digits) => spell(digits))
        .concat(
          spell('9007199254740993', '9007199254740995'),
          spell('1', '"\\"trackpoint\\":2"'),
          spell('1', '42'),
          spell('9007199254740993', '"\\u0041"'),
        )
        .join('\n'),
    )
    expect(events.map(({ smsEvent }) => [smsEvent.trackpoint, smsEvent.userId])).toEqual([
      ['9007199254740993', 'u'],
      ['18446744073709551615', 'u'],
      ['007', 'u'],
      ['12', 'u'],
      ['9007199254740993', '9007199254740995'],
      ['1', '"trackpoint":2'],
      ['1', '42'],
      ['9007199254740993', 'A'],
    ])
  })

  test('may be as long as a record is allowed to be', async () => {
    const name = 'Black Friday '.repeat(11_000)
    const long = bytes(line.replace('Black Friday', name))
    for (const source of [long, cut(long, [60_000])]) {
      expect((await read(source)).events).toMatchObject([{ source: { campaign: { name } } }])
    }
  })

  test('a trackpoint is not taken from elsewhere in the record', async () => {
    const text = `{"x":{"trackpoint":9007199254740997},${line.slice(1).replace('4541245641234564', '9007199254740993')}`
    const escaped = text.replace('"smsEvent":{"trackpoint"', '"smsEvent":{"\\u0074rackpoint"')
    for (const form of [text, escaped]) expect((await read(form)).events[0]?.smsEvent.trackpoint).toBe('9007199254740993')
  })

  test('statuses, sources and fields that Samba may add do not matter', async () => {
    const text = `${line.replace('DELIVERED', 'READ')}\n${line.replace('one-off', 'trigger').replace('"userId"', '"extra":[{}],"userId"')}`
    expect((await read(text)).events).toMatchObject([
      { smsEvent: { status: 'READ' } },
      { smsEvent: { extra: [{}] }, source: { type: 'unknown', name: 'trigger' } },
    ])
  })

  test.each([
    ['"trackpoint":4541245641234564', '"trackpoint":1.5', 'smsEvent.trackpoint must be an integer'],
    ['"trackpoint":4541245641234564', '"trackpoint":""', 'smsEvent.trackpoint must be an integer'],
    ['"userId":"123456"', '"userId":null', 'smsEvent.userId must be a string'],
    ['"status":"DELIVERED"', '"status":7', 'smsEvent.status must be a string'],
    ['"date":1673763160310', '"date":"now"', 'smsEvent.date must be Unix milliseconds'],
    ['"date":1673763160310', '"date":8640000000000001', 'smsEvent.date must be Unix milliseconds'],
    ['"sendDate":1673763160010', '"sendDate":8640000000000001', 'source.sendDate must be Unix milliseconds'],
    ['"sendDate":1673763160010', '"sendDate":null', 'source.sendDate must be Unix milliseconds'],
    ['"type":"one-off"', '"type":1', 'source.type must be a string'],
    ['"type":"one-off"', '"type":"flow"', 'source.node must have an id and a name'],
    ['"id":"b2c8c642"', '"id":""', 'source.campaign must have an id and a name'],
    ['"smsEvent"', '"SmsEvent"', 'smsEvent must be an object'],
    ['"source"', '"Source"', 'source must be an object'],
    ['"source":{"type":"one-off"', '"source":null,"x":{"type":"one-off"', 'source must be an object'],
    ['"source":{"type":"one-off"', '"source":[],"x":{"type":"one-off"', 'source must be an object'],
    ['"campaign":{"id":"b2c8c642",', '"campaign":{', 'source.campaign must have an id and a name'],
    ['"name":"Black Friday"', '"name":7', 'source.campaign must have an id and a name'],
    ['"type":"one-off"', '"type":"flow","node":{"id":"32411fb4"}', 'source.node must have an id and a name'],
  ])('%s cannot be %s', async (field, wrong, message) => {
    const { error } = await failureOf(line.replace(field, wrong))
    expect(error.message).toBe(`Samba record 1 at byte 0 ${message}`)
  })
})

describe('a record that cannot be read', () => {
  const stream = `\uFEFF${line}\n{"ě": oops}\n${line}\n`
  const offset = bytes(`\uFEFF${line}\n`).length

  test('ends the iteration by default, with its number and byte offset, after the events before it', async () => {
    for (const source of [stream, cut(bytes(stream), [1]), cut(bytes(stream), [offset + 3])]) {
      const { events, error } = await failureOf(source)
      expect(events).toEqual([one])
      expect(error).toMatchObject({
        code: 'samba-malformed-record',
        record: 2,
        offset,
        message: `Samba record 2 at byte ${offset} is not JSON`,
      })
    }
  })

  test('is skipped where the caller says so', async () => {
    expect((await read(stream, { onError: 'skip' })).events).toEqual([one, one])
  })

  test('is told to a function, which may end it all by throwing', async () => {
    const { events, errors } = await read(stream)
    expect(events).toEqual([one, one])
    expect(errors).toMatchObject([{ record: 2, offset }])
    const stop = new StreamError('samba-source', 'enough')
    const { error } = await failureOf(stream, {
      onError: () => {
        throw stop
      },
    })
    expect(error).toBe(stop)
  })

  test('is counted by bytes, after characters of several', async () => {
    const czech = line.replace('Black Friday', 'Příliš žluťoučký kůň 🙂')
    const text = `${czech}\n`.repeat(500)
    const { errors } = await read(`${text}{}\n${text}{]\n`)
    expect(errors.map(({ record, offset: at }) => [record, at])).toEqual([
      [501, bytes(text).length],
      [1002, 2 * bytes(text).length + 3],
    ])
  })

  test('of the end of the stream is reported as cut off, not dropped', async () => {
    for (const length of [1, 20, line.length - 1]) {
      const { events, error } = await failureOf(`${line}\n${line.slice(0, length)}`)
      expect(events).toEqual([one])
      expect(error).toMatchObject({ code: 'samba-truncated-record', record: 2, offset: line.length + 1 })
    }
  })

  test('is one that is not UTF-8', async () => {
    const wrong = bytes(`${line}\n${line}\n${line}`)
    wrong[line.length + line.indexOf('Friday')] = 0xff
    const { events, errors } = await read(wrong)
    expect(events).toEqual([one, one])
    expect(errors).toMatchObject([{ record: 2, offset: line.length + 1, message: expect.stringContaining('is not UTF-8') }])
  })

  test('is a comma between records, or after one', async () => {
    expect((await failureOf(`${line},\n${line}\n`)).error).toMatchObject({ record: 2, offset: line.length })
    expect((await failureOf(`${line},${line}`)).error).toMatchObject({ record: 2, offset: line.length })
    expect((await failureOf(`${line}\n,{"smsEvent"`)).error).toMatchObject({ record: 2, offset: line.length + 1 })
    expect((await failureOf(`[${line}]`)).error).toMatchObject({ record: 1, offset: 0 })
  })

  test('does not take the rest of the stream with it when a brace or a quote is missing', async () => {
    for (const broken of [
      line.slice(0, -1),
      line.slice(0, -2),
      line.replace('"Black', 'Black'),
      line.replace('DELIVERED"', 'DELIVERED'),
      `${line}}`,
    ]) {
      const { events, errors } = await read(`${line}\n${broken}\n${line}\n${line}\n`)
      expect(events.length).toBe(broken === `${line}}` ? 4 : 3)
      expect(errors.length).toBe(1)
    }
  })

  test('is given up for the record that begins a line within it', async () => {
    const { events, errors } = await read(`{"a":x,\n${line}\n}\n${line}`)
    expect(events).toEqual([one, one])
    expect(errors.map(({ record }) => record)).toEqual([1, 3])
  })

  test('is one that never ends: it is given up, and its bytes are let go', async () => {
    const endless = ['{"smsEvent":"', ...Array.from({ length: 300 }, () => 'x'.repeat(1000)), '"}\n', line]
    const { events, errors } = await read(endless, { maxRecordBytes: 100_000 })
    expect(events).toEqual([one])
    expect(errors).toMatchObject([{ record: 1, offset: 0, message: expect.stringContaining('is longer than 100000 bytes') }])
  })

  test('is given up for the next that begins a line within it, too, if it is too long', async () => {
    const nested = `{"a":[${'\n{"b":1},'.repeat(40)}`
    const { events, errors } = await read([nested, `\n${line}\n`], { maxRecordBytes: 300 })
    expect(events).toEqual([one])
    expect(errors[0]).toMatchObject({ record: 1, offset: 0, message: expect.stringContaining('is longer than 300 bytes') })
    expect(errors[1]).toMatchObject({ record: 2, offset: 7, message: expect.stringContaining('smsEvent must be an object') })
  })

  test('is never echoed', async () => {
    const { error } = await failureOf('{"apiKey": s3cret}\n')
    expect(`${error.message}${error.stack}${error.cause}`).not.toContain('s3cret')
  })
})

describe('a source', () => {
  test('may be text, bytes, an iterable, a Node stream, a Web stream or a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'samba-'))
    const file = join(folder, 'export.json')
    writeFileSync(file, `${line}\n${line}`)
    const text = `${line}\n${line}`
    async function* generate() {
      for (const char of text) yield char
    }
    const sources: SambaSource[] = [
      text,
      bytes(text),
      Buffer.from(text),
      [text.slice(0, 9), bytes(text.slice(9))],
      generate(),
      Readable.from([Buffer.from(text)]),
      new Blob([text]).stream(),
      new Response(text).body!,
      { file },
      { file: new URL(`file://${file}`) },
    ]
    for (const source of sources) expect((await read(source)).events).toEqual([one, one])
    rmSync(folder, { recursive: true })
  })

  test('may be empty', async () => {
    for (const source of ['', '\uFEFF', '\n\u001e \r\n', []]) expect(await read(source)).toEqual({ events: [], errors: [] })
  })

  test('that is no file, or gives no bytes, is an error that says so', async () => {
    expect((await failureOf({ file: '/nowhere/at/all' })).error).toMatchObject({
      code: 'samba-file',
      message: 'the file of Samba events could not be read (ENOENT)',
      cause: expect.objectContaining({ code: 'ENOENT' }),
    })
    expect((await failureOf([7] as never)).error).toMatchObject({
      code: 'samba-source',
      message: 'Samba events can be read from chunks of bytes (Uint8Array) or text (string) only',
    })
  })

  test('is asked for no more than is taken, and let go when the loop is left', async () => {
    let given = 0
    let closed = false
    async function* endless() {
      try {
        for (;;) {
          given++
          yield `${line}\n`
        }
      } finally {
        closed = true
      }
    }
    let taken = 0
    for await (const _ of parseSambaEvents(endless())) {
      taken++
      await turn()
      expect(given).toBe(taken)
      if (taken === 5) break
    }
    expect(closed).toBe(true)
  })

  test('gives a record as soon as it is complete, whatever comes after it', async () => {
    const pretty = json(one, 2)
    const afterCut = `\u001e{"a":\n\u001e${line}\n`
    const halfCharacter = `${line}\n{"a":"\ud83d`
    for (const text of [line, `${line}\n`, `\u001e${line}\n`, pretty, `${pretty}\n`, afterCut, halfCharacter]) {
      async function* stalling() {
        yield text
        await new Promise(() => {})
      }
      const { value } = await parseSambaEvents(stalling(), { onError: 'skip' })[Symbol.asyncIterator]().next()
      expect(value).toEqual(one)
    }
  })

  test('is left at once when the signal is aborted, also while it gives nothing', async () => {
    const controller = new AbortController()
    async function* stalling() {
      yield `${line}\n`
      await new Promise(() => {})
    }
    const iterator = parseSambaEvents(stalling(), { signal: controller.signal })[Symbol.asyncIterator]()
    await iterator.next()
    const next = iterator.next()
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await expect(parseSambaEvents(line, { signal: controller.signal })[Symbol.asyncIterator]().next()).rejects.toThrow('enough')
  })

  test('is read to its end, though a signal could have been aborted', async () => {
    const { signal } = new AbortController()
    expect(await read(`${line}\n${line}`, { signal })).toEqual({ events: [one, one], errors: [] })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('is left when the signal is aborted between two events, and no listener stays behind', async () => {
    const controller = new AbortController()
    const iterator = parseSambaEvents([`${line}\n`, `${line}\n`], { signal: controller.signal })[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual(one)
    controller.abort(new Error('enough'))
    await turn()
    await expect(iterator.next()).rejects.toThrow('enough')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('may fail to let go when the signal is aborted: the reason is what counts', async () => {
    const controller = new AbortController()
    const stuck = {
      next: () => new Promise<IteratorResult<string>>(() => {}),
      return: () => Promise.reject(new Error('cannot close')),
      [Symbol.asyncIterator]: () => stuck,
    }
    const next = parseSambaEvents(stuck, { signal: controller.signal })[Symbol.asyncIterator]().next()
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await turn()
  })
})

describe('iteration', () => {
  test('answers calls of next() in order, also those made without waiting', async () => {
    const records = fc.sample(event, 20)
    const iterator = parseSambaEvents(cut(bytes(records.map((record) => json(record)).join('\n')), [300]))[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 23 }, () => iterator.next()))
    expect(results.map(({ value }) => value)).toEqual([...records, undefined, undefined, undefined])
    expect(results.map(({ done }) => done)).toEqual([...records.map(() => false), true, true, true])
  })

  test('does not let a later call of next() overtake one that waits', async () => {
    const records = fc.sample(event, 3)
    const iterator = parseSambaEvents(records.map((record) => `${json(record)}\n`).join(''))[Symbol.asyncIterator]()
    const first = iterator.next()
    const second = iterator.next()
    const third = first.then(() => iterator.next())
    expect((await Promise.all([first, second, third])).map(({ value }) => value)).toEqual(records)
  })

  test('goes on where it was when an iterator is iterated', async () => {
    const iterator = parseSambaEvents(`${line}\n${line}\n`)[Symbol.asyncIterator]() as AsyncIterableIterator<SambaSmsEvent>
    await iterator.next()
    const rest: SambaSmsEvent[] = []
    for await (const given of iterator) rest.push(given)
    expect(rest).toEqual([one])
  })

  test('in batches gives none that is empty before an error', async () => {
    const batches = parseSambaEvents('{oops}\n').batches()
    await expect(batches.next()).rejects.toMatchObject({ code: 'samba-malformed-record' })
  })

  test('is over once it was left, though events had been read ahead', async () => {
    const iterator = parseSambaEvents(`${line}\n${line}\n`)[Symbol.asyncIterator]()
    await iterator.next()
    expect(await iterator.return!()).toEqual({ value: undefined, done: true })
    expect(await iterator.next()).toEqual({ value: undefined, done: true })
    const unread = parseSambaEvents(line)[Symbol.asyncIterator]()
    await unread.return!()
    expect(await unread.next()).toEqual({ value: undefined, done: true })
  })

  test('in batches gives the same events', async () => {
    const records = fc.sample(event, 300)
    const all: SambaSmsEvent[] = []
    for await (const batch of parseSambaEvents(cut(bytes(records.map((record) => json(record)).join('\n')), [4000])).batches()) {
      expect(batch.length).toBeGreaterThan(0)
      all.push(...batch)
    }
    expect(all).toEqual(records)
  })
})
