import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SambaSmsEvent } from '../../src/samba/events.ts'
import { readEvent } from '../../src/samba/read-event.ts'
import { createSpeculation } from '../../src/samba/speculate.ts'
import { alike, json } from './arbitraries.ts'

const oneOff =
  '{"smsEvent":{"trackpoint":4541245641234564,"userId":"123456","status":"DELIVERED","date":1673763160310},"source":{"type":"one-off","campaign":{"id":"b2c8c642","name":"Black Friday"},"sendDate":1673763160010}}'
const flow = oneOff.replace('"one-off"', '"flow"').replace(',"sendDate"', ',"node":{"id":"n-1","name":"Node"},"sendDate"')
const next = (text: string) =>
  text.replace('"123456"', '"u-7"').replace('DELIVERED', 'SKIPPED').replace(/310\}/, '999}').replace('160010', '170010')

function parsed(text: string): SambaSmsEvent | undefined {
  try {
    const event = readEvent(JSON.parse(text), text)
    return typeof event === 'string' ? undefined : event
  } catch {
    return undefined
  }
}

/** Knows the records that are given. */
function taught(...texts: readonly string[]) {
  const speculation = createSpeculation()
  speculation.begin()
  for (const text of texts) speculation.learn(text, parsed(text)!)
  return speculation
}

describe('speculation reads', () => {
  test.each([
    ['a one-off campaign', oneOff],
    ['a flow', flow],
    ['other spacing', JSON.stringify(JSON.parse(flow), null, '\t')],
    [
      'fields that are not documented',
      oneOff.replace('"smsEvent":{', '"v":1,"smsEvent":{"x":true,').replace('"name"', '"y":"z","name"'),
    ],
    [
      'a source that begins with its date',
      oneOff.replace('"type":"one-off",', '').replace(/("sendDate":\d+)/, '$1,"type":"one-off"'),
    ],
    ['digits that a number cannot hold', oneOff.replace('4541245641234564', '9007199254740993')],
    ['a date with nothing behind its point', oneOff.replace('1673763160310', '1673763160310.0')],
    ['names that look like JSON', oneOff.replace('Black Friday', '{[ě}]:,')],
    ['an id of the user that is long', oneOff.replace('"123456"', '"b2c8c642-ad39-11ed-afa1-0242ac120002"')],
  ])('%s, with other values', (_, text) => {
    const other = next(text)
    const speculation = taught(text)
    const event = speculation.read(`..${other}..`, 2)
    expect(event).toBeDefined()
    expect(event).toEqual(parsed(other))
    expect(JSON.stringify(event)).toBe(JSON.stringify(parsed(other)))
    expect(speculation.end).toBe(2 + other.length)
  })

  test('statuses and user ids as long as they come', () => {
    const other = oneOff.replace('DELIVERED', 'UNDELIVERABLE').replace('"123456"', '"b2c8c642-ad39-11ed-afa1-0242ac120002-ě"')
    expect(taught(oneOff).read(other, 0)).toEqual(parsed(other))
  })

  test('nothing before it has seen a record', () => {
    expect(createSpeculation().read(oneOff, 0)).toBeUndefined()
  })

  test('only what is the event that a parser would give, whatever is changed', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        '"',
        '\\',
        '\\"',
        '\n',
        '\u0000',
        '\u001f',
        ' ',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '0',
        '9',
        '.',
        'e',
        '-',
        'ě',
        '","',
        '":"',
      ),
      fc.string({ unit: 'binary', maxLength: 2 }),
    )
    const change = fc.tuple(fc.nat(), fc.nat(2), piece)
    fc.assert(
      fc.property(alike, fc.array(change, { maxLength: 2 }), fc.constantFrom(undefined, 1), (events, changes, indent) => {
        const texts = events.map((event) => json(event, indent))
        const speculation = taught(...texts.filter((text) => parsed(text)))
        for (const given of texts) {
          let text = given
          for (const [at, length, put] of changes)
            text = `${text.slice(0, at % text.length)}${put}${text.slice((at % text.length) + length)}`
          const event = speculation.read(text, 0)
          if (event) expect(event).toEqual(parsed(text.slice(0, speculation.end)))
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('speculation leaves to the parser', () => {
  test.each([
    ['an escape in the id of the user', '"123456"', '"\\u0041"'],
    ['an id of the user with a raw control character', '"123456"', '"\u001f"'],
    ['an empty id of the user', '"123456"', '""'],
    ['a numeric id of the user', '"123456"', '123456'],
    ['an escape in the status', '"DELIVERED"', '"\\n"'],
    ['an empty status', '"DELIVERED"', '""'],
    ['a time with a leading zero', '1673763160310', '0673763160310'],
    ['a time with too few digits', '1673763160310', '167376316031'],
    ['a time with too many digits', '1673763160310', '16737631603100'],
    ['a time that is no number', '1673763160310', '16737631603x0'],
    ['a time with a character just below the digits', '1673763160310', '16737631603/0'],
    ['a time of sending with a leading zero', '1673763160010', '0673763160010'],
    ['another account', '4541245641234564', '4541245641234565'],
    ['another campaign', 'b2c8c642', 'b2c8c643'],
    ['another name of the campaign', 'Black Friday', 'Black Monday'],
    ['another type', '"one-off"', '"flow"'],
    ['another end', ']}', ']'],
    ['something between user and status', ',"status"', ', "status"'],
    ['something between status and date', ',"date"', ', "date"'],
    ['something after the time of sending', '1673763160010}}', '1673763160010 }}'],
  ])('%s', (_, part, other) => {
    const text = oneOff.replace(part, other)
    expect(taught(oneOff).read(part === ']}' ? oneOff.slice(0, -1) : text, 0)).toBeUndefined()
  })

  test.each([
    ['in the id of the user', oneOff.indexOf('3456')],
    ['in the status', oneOff.indexOf('LIVERED')],
    ['in a time', oneOff.indexOf('160310')],
    ['in the id of the campaign', oneOff.indexOf('c642')],
  ])('a text that ends %s', (_, length) => {
    expect(taught(oneOff).read(oneOff.slice(0, length), 0)).toBeUndefined()
  })

  test.each([
    ['of a type that is not documented', oneOff.replace('one-off', 'trigger')],
    ['with an object of its own', oneOff.replace('{"smsEvent"', '{"v":{},"smsEvent"')],
    ['with an object in smsEvent', oneOff.replace('"userId"', '"v":{},"userId"')],
    ['with an object in its source', oneOff.replace('"type"', '"v":{},"type"')],
    ['with a node though it is of no flow', oneOff.replace('"type"', '"node":{"id":"n","name":"N"},"type"')],
    ['with an object in its campaign', oneOff.replace('"name"', '"v":{},"name"')],
    ['with an object in its node', flow.replace('"name":"Node"', '"name":"Node","v":{}')],
    ['with a key twice', oneOff.replace('"type"', '"status":"x","type"')],
    ['with a key twice, once escaped', oneOff.replace('"date"', '"\\u0064ate":1673763160999,"date"')],
    ['with an escape', oneOff.replace('Black', '\\u0042lack')],
    ['whose date is ten times its digits', oneOff.replace('310}', '310e1}')],
    ['whose time of sending is ten times its digits', oneOff.replace('010}', '010e1}')],
    ['that is longer than records are', oneOff.replace('Black Friday', 'x'.repeat(2048))],
  ])('records like one %s', (_, text) => {
    expect(parsed(text)).toBeDefined()
    expect(taught(text).read(text, 0)).toBeUndefined()
  })
})

describe('what is remembered', () => {
  test('is not what happens to the events that were given', () => {
    const first = parsed(flow) as { source: { campaign: { name: string } } } & SambaSmsEvent
    const speculation = createSpeculation()
    speculation.begin()
    speculation.learn(flow, first)
    first.source.campaign.name = 'changed'
    const second = speculation.read(flow, 0) as unknown as { source: { campaign: { name: string }; node: { name: string } } }
    expect(second).toEqual(parsed(flow))
    second.source.campaign.name = 'changed'
    second.source.node.name = 'changed'
    expect(speculation.read(flow, 0)).toEqual(parsed(flow))
  })

  test('are several types, campaigns and nodes of one account at a time', () => {
    const texts = [oneOff, flow, flow.replace('n-1', 'n-2'), oneOff.replace('b2c8c642', 'c-2')]
    const speculation = taught(...texts)
    for (const text of texts) expect(speculation.read(next(text), 0)).toEqual(parsed(next(text)))
  })

  test('is of one account alone', () => {
    const other = oneOff.replace('4541245641234564', '7')
    const speculation = taught(oneOff, other)
    expect(speculation.read(other, 0)).toEqual(parsed(other))
    expect(speculation.read(oneOff, 0)).toBeUndefined()
    const itsOwn = other.replace('b2c8c642', 'c-2')
    expect(taught(oneOff, itsOwn).read(itsOwn, 0)).toEqual(parsed(itsOwn))
    expect(taught(oneOff, itsOwn).read(other, 0)).toBeUndefined()
  })

  test('are the last 8 nodes of a campaign', () => {
    const texts = Array.from({ length: 9 }, (_, at) => flow.replace('n-1', `n-${at}`))
    const speculation = taught(...texts)
    expect(texts.map((text) => speculation.read(text, 0) !== undefined)).toEqual([false, ...Array(8).fill(true)])
  })

  test('are the last 4 types, told apart by what stands before the campaign', () => {
    const texts = Array.from({ length: 5 }, (_, at) => oneOff.replace('"type"', `"v":${at},"type"`))
    const speculation = taught(...texts)
    expect(texts.map((text) => speculation.read(text, 0) !== undefined)).toEqual([false, true, true, true, true])
  })

  test('is forgotten, all of it, after a thousand', () => {
    const campaign = (at: number) => oneOff.replace('b2c8c642', `c-${at}`)
    const speculation = createSpeculation()
    const learn = (at: number) => {
      speculation.begin()
      speculation.learn(campaign(at), parsed(campaign(at))!)
    }
    for (let at = 0; at < 1000; at++) learn(at)
    expect([0, 999].map((at) => speculation.read(campaign(at), 0) !== undefined)).toEqual([true, true])
    learn(1000)
    expect([0, 999, 1000].map((at) => speculation.read(campaign(at), 0) !== undefined)).toEqual([false, false, true])
  })
})

describe('how much is tried', () => {
  const unlike = oneOff.replace('b2c8c642', 'unlike')

  test('ends after 32 misses in a row, until more records come', () => {
    const speculation = taught(oneOff)
    const miss = (times: number) => Array.from({ length: times }, () => expect(speculation.read(unlike, 0)).toBeUndefined())
    miss(31)
    expect(speculation.read(oneOff, 0)).toBeDefined()
    miss(32)
    expect(speculation.read(oneOff, 0)).toBeUndefined()
    speculation.begin()
    expect(speculation.read(oneOff, 0)).toBeDefined()
  })

  test('is one lesson, and one more for 16 that were like one before', () => {
    const speculation = taught(oneOff)
    const learns = (hits: number) => {
      speculation.begin()
      for (let hit = 0; hit < hits; hit++) expect(speculation.read(oneOff, 0)).toBeDefined()
      speculation.begin()
      const texts = Array.from({ length: 20 }, (_, at) => oneOff.replace('b2c8c642', `${hits}-${at}`))
      for (const text of texts) speculation.learn(text, parsed(text)!)
      return texts.filter((text) => speculation.read(text, 0)).length
    }
    expect([0, 15, 16, 160].map(learns)).toEqual([1, 1, 2, 11])
  })

  test('is some lessons to begin with', () => {
    const texts = Array.from({ length: 20 }, (_, at) => oneOff.replace('b2c8c642', `c-${at}`))
    const speculation = taught(...texts)
    expect(texts.filter((text) => speculation.read(text, 0)).length).toBe(17)
  })
})
