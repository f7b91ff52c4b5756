import {
  parseSambaEvents,
  type SambaParseOptions,
  type SambaSmsEvent,
  type SambaSource,
  type StreamError,
} from 'omnicascade/samba'
import { describe, expect, test } from 'vitest'

const line =
  '{"smsEvent":{"trackpoint":"1","userId":"u","status":"DELIVERED","date":1},"source":{"type":"one-off","campaign":{"id":"c","name":"N"},"sendDate":0}}'
const one = JSON.parse(line) as SambaSmsEvent

async function read(source: SambaSource, options: SambaParseOptions = {}) {
  const events: SambaSmsEvent[] = []
  const errors: StreamError[] = []
  for await (const given of parseSambaEvents(source, { onError: (error) => errors.push(error), ...options })) events.push(given)
  expect(events).toEqual(events.map(() => one))
  return { events: events.length, errors: errors.map(({ code, message }) => `${code}: ${message}`) }
}

const malformed = (record: number, offset: number, what: string) =>
  `samba-malformed-record: Samba record ${record} at byte ${offset} ${what}`

describe('a byte order mark', () => {
  test('that does not begin the stream is no part of a record', async () => {
    const second = line.length + 1
    const expected = { events: 3, errors: [malformed(2, second, 'is not an object')] }
    expect(await read([`${line}\n`, `\uFEFF${line}\n${line}\n`])).toEqual(expected)
    expect(await read(`${line}\n\uFEFF${line}\n${line}\n`)).toEqual(expected)
  })

  test('is all of its bytes: another character that shares one is not skipped', async () => {
    expect(await read(`»${line}`)).toEqual({ events: 1, errors: [malformed(1, 0, 'is not an object')] })
  })
})

describe('what is wrong', () => {
  test('is told as soon as it is known', async () => {
    async function* stalling() {
      yield ',\n'
      await new Promise(() => {})
    }
    await expect(parseSambaEvents(stalling())[Symbol.asyncIterator]().next()).rejects.toThrow('is not an object')
  })

  test('with the fields of a record is its own fault alone, though an object within it begins a line', async () => {
    const wrong = '{"smsEvent":\n{"trackpoint":1.5},"source":{}}'
    expect(await read(`${wrong}\n${line}`)).toEqual({
      events: 1,
      errors: [malformed(1, 0, 'smsEvent.trackpoint must be an integer')],
    })
  })

  test('at the end is a cut where the record could have gone on, and no JSON where it could not', async () => {
    const cut = 'samba-truncated-record: Samba record 1 at byte 0 is cut off: the stream ends within it'
    expect(await read('{"a":')).toEqual({ events: 0, errors: [cut] })
    expect(await read('{"a" {')).toEqual({ events: 0, errors: [malformed(1, 0, 'is not JSON')] })
    expect(await read(`{"a":[\n${line}`)).toEqual({ events: 1, errors: [malformed(1, 0, 'is not JSON')] })
  })
})

describe('the longest record', () => {
  const maxRecordBytes = 40

  test('may be that long before it is complete, and not a byte longer', async () => {
    const rest = (at: number) => [line.slice(0, at), line.slice(at)]
    expect(await read(rest(40), { maxRecordBytes })).toEqual({ events: 1, errors: [] })
    const { events, errors } = await read([line.slice(0, 41)], { maxRecordBytes })
    expect([events, errors]).toEqual([0, [malformed(1, 0, 'is longer than 40 bytes')]])
  })

  test('is counted from where it starts, whatever came before it in its chunk', async () => {
    expect(await read([`${line}\n${line.slice(0, 30)}`, line.slice(30)], { maxRecordBytes })).toEqual({ events: 2, errors: [] })
  })

  test('that is given up is reported once, also if the stream ends within it', async () => {
    const { events, errors } = await read(['{"a":"', 'x'.repeat(100), 'x'.repeat(100)], { maxRecordBytes })
    expect([events, errors]).toEqual([0, [malformed(1, 0, 'is longer than 40 bytes')]])
  })

  test('that is given up makes room for the next, wherever that begins, and comes after others', async () => {
    const endless = `{"a":[${'1,'.repeat(30)}`
    const error = (record: number, offset: number) => malformed(record, offset, 'is longer than 40 bytes')
    expect(await read([`${line}\n${endless}`], { maxRecordBytes })).toEqual({ events: 1, errors: [error(2, line.length + 1)] })
    expect(await read([`${endless}\n`, line], { maxRecordBytes })).toEqual({ events: 1, errors: [error(1, 0)] })
    const half = [`${endless}\n${line.slice(0, 20)}`, line.slice(20)]
    expect(await read(half, { maxRecordBytes })).toEqual({ events: 1, errors: [error(1, 0)] })
  })
})
