import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parseSendiosWebhook, parseSendiosWebhookStrict, type SendiosEvent } from 'omnicascade/webhooks/sendios'
import { describe, expect, test } from 'vitest'
import { errorOf, sms } from './support.ts'

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
const bytes = (text: string) => new TextEncoder().encode(text)
const withoutRaw = (events: readonly SendiosEvent[]) => events.map(({ raw: _, ...event }) => event)

const typed = { ...sms, project_id: '99', template_id: '15', sms_id: '1233' }

describe('the samples of the documentation', () => {
  test.each([
    ['sms_sent', 14, 1],
    ['sms_lost', 11, 21],
    ['sms_click', 15, 1],
  ])('%s, as printed, is refused at line %i, column %i', (name, line, column) => {
    for (const body of [fixture(`${name}.malformed.txt`), bytes(fixture(`${name}.malformed.txt`))]) {
      expect(errorOf(() => parseSendiosWebhook(body))).toMatchObject({ source: 'sendios', line, column })
      expect(errorOf(() => parseSendiosWebhookStrict(body))).toMatchObject({ line, column })
    }
  })

  test.each([
    ['sms_sent', typed],
    ['sms_lost', { ...typed, event: 'sms_lost' }],
    ['sms_click', { ...typed, event: 'sms_click', link: 'example.com' }],
  ])('%s, repaired, is read', (name, expected) => {
    const repaired = fixture(`${name}.malformed.txt`)
      .replace(/\}\s*$/, '')
      .replace(/: "sms$/m, ': "sms"')
    const { events, errors, sign } = parseSendiosWebhook(repaired)
    expect(withoutRaw(events)).toEqual([expected])
    expect(events[0]?.raw).toEqual((JSON.parse(repaired) as { 0: unknown })[0])
    expect([errors, sign]).toEqual([[], null])
  })

  test('the captured reject, with its sibling `sign`, is one e-mail event', () => {
    const { events, errors, sign } = parseSendiosWebhook(fixture('reject.captured.json'))
    expect(withoutRaw(events)).toEqual([
      {
        event: 'reject',
        ts: 1618233303,
        user_id: '0',
        client_user_id: null,
        project_id: '19381',
        project: '19381_jiji2.ng',
        type_id: '1',
        split_group: null,
        email: 'test@example.com',
        meta: null,
        reject_reason: 'validation',
      },
    ])
    expect([errors, sign]).toEqual([[], null])
  })

  test('the e-mail event `created` is typed, and its `meta.channel` does not make it an omnichannel event', () => {
    const [event] = parseSendiosWebhookStrict(fixture('created.json'))
    expect(event).toMatchObject({
      event: 'created',
      user_id: '899899',
      client_user_id: '991',
      event_id: '290290',
      reg_type: 'sys_letter',
    })
    expect(event?.event === 'created' && event.meta?.channel).toBe('domain_channel.com')
    expect(event?.event === 'created' && event.user?.name).toBe('Some Name')
  })
})

describe('the envelope', () => {
  test('holds any number of events under numeric keys, taken in numeric order whatever order they come in', () => {
    const ids = [0, 1, 2, 9, 10, 11, 99, 100, 4294967294, 4294967295, 4294967296, 99999999999]
    const text = `{${ids.toReversed().map((id) => `"${id}":${JSON.stringify({ ...sms, sms_id: id })}`)},"sign":"abc"}`
    const { events, sign } = parseSendiosWebhook(text)
    expect(events.map((event) => event.event === 'sms_sent' && event.sms_id)).toEqual(ids.map(String))
    expect(sign).toBe('abc')
    const long = { 99999999999: { ...sms, sms_id: 2 }, 10000000000: { ...sms, sms_id: 1 } }
    expect(parseSendiosWebhookStrict(JSON.stringify(long))).toMatchObject([{ sms_id: '1' }, { sms_id: '2' }])
  })

  test('may be an array, or missing around a single event', () => {
    expect(withoutRaw(parseSendiosWebhookStrict(JSON.stringify([sms, sms])))).toEqual([typed, typed])
    expect(withoutRaw(parseSendiosWebhookStrict(JSON.stringify(sms)))).toEqual([typed])
  })

  test('may be text, bytes, a Buffer, or a value that a parser made', () => {
    const body = { 0: sms, sign: null }
    const text = JSON.stringify(body)
    for (const form of [text, `\uFEFF${text}`, bytes(text), Buffer.from(text), body]) {
      expect(withoutRaw(parseSendiosWebhook(form).events)).toEqual([typed])
    }
  })

  test('may be empty: PHP writes an empty list as [] or {}', () => {
    for (const body of ['{}', '[]', '{"sign":null}', {}, []]) {
      expect(parseSendiosWebhook(body)).toEqual({ events: [], errors: [], sign: null })
    }
  })

  test('may have siblings that the vendor adds', () => {
    const siblings = { version: 2, info: { event: 'x' }, '1st': { event: 'x' }, v1: { event: 'x' } }
    expect(parseSendiosWebhook({ 0: sms, sign: 7, ...siblings })).toMatchObject({
      events: [{ sms_id: '1233' }],
      errors: [],
      sign: null,
    })
  })

  test.each([
    ['', ' at line 1, column 1: the body is empty'],
    ['null', ': the body is null, not an envelope, an array or an event'],
    ['17', ': the body is a number, not an envelope, an array or an event'],
    ['"sms_sent"', ': the body is a string, not an envelope, an array or an event'],
    ['true', ': the body is a boolean, not an envelope, an array or an event'],
    ['{"hello":"world"}', ': the body is an object without events: it has neither numbered keys nor "event"'],
    ['{"":{"event":"open","ts":1}}', ': the body is an object without events: it has neither numbered keys nor "event"'],
    ['{"-1":{"event":"open","ts":1}}', ': the body is an object without events: it has neither numbered keys nor "event"'],
    ['{"1e1":{"event":"open","ts":1}}', ': the body is an object without events: it has neither numbered keys nor "event"'],
    [undefined, ': the body is missing, not an envelope, an array or an event'],
    [Uint8Array.of(0xff), ': the body is not UTF-8: pass the bytes as they came, not decompressed or decoded twice'],
    [`[{"event":"x","n":9007199254740993,"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}]`, ': the body is nested too deeply'],
  ])('cannot be %.40j', (body, message) => {
    expect(errorOf(() => parseSendiosWebhook(body)).message).toBe(`sendios webhook${message}`)
  })
})

describe('one bad event', () => {
  test('does not lose the others, and is named by its path', () => {
    const { events, errors } = parseSendiosWebhook({
      0: sms,
      1: { ...sms, ts: 'yesterday' },
      2: 'x',
      3: null,
      4: { ...sms, event: 'sms_lost' },
    })
    expect(events.map(({ event }) => event)).toEqual(['sms_sent', 'sms_lost'])
    expect(errors.map(({ path, message }) => [path, message])).toEqual([
      ['1.ts', 'sendios webhook at 1.ts: must be Unix seconds'],
      ['2', 'sendios webhook at 2: must be an object'],
      ['3', 'sendios webhook at 3: must be an object'],
    ])
    expect(JSON.stringify(errors) + errors.map(String)).not.toContain('yesterday')
  })

  test.each([
    [{ event: '', ts: 1 }, 'event', 'must name the event'],
    [{ ts: 1 }, 'event', 'must name the event'],
    [{ ...sms, sms_id: '' }, 'sms_id', 'must be an id'],
    [{ ...sms, ts: '' }, 'ts', 'must be Unix seconds'],
    [{ ...sms, ts: '1e3' }, 'ts', 'must be Unix seconds'],
    [{ ...sms, ts: '1549382627s' }, 'ts', 'must be Unix seconds'],
    [{ ...sms, ts: 'T1549382627' }, 'ts', 'must be Unix seconds'],
    [{ ...sms, ts: [1549382627] }, 'ts', 'must be Unix seconds'],
    [{ event: 'open', ts: 1.5 }, 'ts', 'must be Unix seconds'],
    [{ event: 'open', ts: 8_640_000_000_001 }, 'ts', 'must be Unix seconds'],
    [{ ...sms, ts: '8640000000001' }, 'ts', 'must be Unix seconds'],
    [{ event: 'open', ts: 1, user_id: {} }, 'user_id', 'must be an id or null'],
    [{ event: 'open', ts: 1, client_user_id: [] }, 'client_user_id', 'must be an id or null'],
    [{ event: 'open', ts: 1, project_id: true }, 'project_id', 'must be an id or null'],
    [{ event: 'open', ts: 1, type_id: 1.5 }, 'type_id', 'must be an id or null'],
    [{ event: 'open', ts: 1, split_group: {} }, 'split_group', 'must be an id or null'],
    [{ event: 'created', ts: 1, event_id: {} }, 'event_id', 'must be an id or null'],
  ])('as %j says what is wrong with it', (event, path, message) => {
    const { events, errors } = parseSendiosWebhook([event])
    expect(events).toEqual([])
    expect(errors.map((error) => [error.path, error.message])).toEqual([
      [`0.${path}`, `sendios webhook at 0.${path}: ${message}`],
    ])
  })

  test('is thrown by the strict form', () => {
    expect(errorOf(() => parseSendiosWebhookStrict([sms, { ...sms, sms_id: null }])).path).toBe('1.sms_id')
  })

  test.each(['sms_id', 'ts'])('names its %s', (field) => {
    for (const wrong of [{}, [], true, null, undefined]) {
      const { events, errors } = parseSendiosWebhook({ ...sms, event: 'sms_click', link: 'x', [field]: wrong })
      expect([events, errors.map(({ path }) => path)]).toEqual([[], [field]])
    }
  })

  test.each(['client_user_id', 'project_id', 'category_id', 'omnichannel', 'channel', 'link'])(
    'is not lost for its %s, which is null then',
    (field) => {
      for (const wrong of [{}, [], true, null, undefined]) {
        const { events, errors } = parseSendiosWebhook([{ ...sms, event: 'sms_click', link: 'x', [field]: wrong }])
        expect(withoutRaw(events)).toEqual([{ ...typed, event: 'sms_click', link: 'x', [field]: null }])
        expect(errors).toEqual([])
      }
    },
  )

  test('is not lost though it says nothing but which SMS, and when', () => {
    const bare = { event: 'sms_lost', sms_id: 1233, ts: 1549382627 }
    expect(parseSendiosWebhookStrict([bare])).toEqual([
      {
        ...bare,
        sms_id: '1233',
        client_user_id: null,
        project_id: null,
        category_id: null,
        template_id: null,
        omnichannel: null,
        channel: null,
        raw: bare,
      },
    ])
  })

  test('of any shape at all is either read, kept or reported', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>('sms_click', 'reject', 1, '1', null))
    const field = fc.constantFrom(
      'event',
      'omnichannel',
      'client_user_id',
      'sms_id',
      'ts',
      'channel',
      'link',
      'meta',
      'type_id',
      '__proto__',
      'x',
    )
    const event = fc.oneof(
      fc.jsonValue(),
      fc.tuple(field, value).map(([name, given]) => ({ ...sms, [name]: given })),
    )
    fc.assert(
      fc.property(fc.array(event), (batch) => {
        const { events, errors } = parseSendiosWebhook(JSON.stringify(batch))
        expect(events.length + errors.length).toBe(batch.length)
      }),
    )
  })
})

describe('the kind of an event', () => {
  test('unknown names are kept with what came', () => {
    const raw = { event: 'sms_teleported', omnichannel: 1, anything: [1] }
    expect(parseSendiosWebhookStrict([raw, { event: 'unsub', ts: 1 }])).toEqual([
      { event: 'unknown', name: 'sms_teleported', raw },
      { event: 'unknown', name: 'unsub', raw: { event: 'unsub', ts: 1 } },
    ])
  })

  test.each(['created', 'queue', 'reject', 'sent', 'open', 'click'])(
    '%s is of an e-mail, and needs no more than its time',
    (event) => {
      expect(parseSendiosWebhookStrict([{ event, ts: 1 }])).toMatchObject([{ event, ts: 1, email: null, raw: { event, ts: 1 } }])
    },
  )

  test('depends on its name, and for an e-mail name on `omnichannel`', () => {
    const { omnichannel: _, ...mail } = { ...sms }
    expect(
      parseSendiosWebhookStrict([{ ...sms, event: 'sent' }, mail, { ...mail, event: 'sent' }]).map(({ event }) => event),
    ).toEqual(['unknown', 'sms_sent', 'sent'])
  })

  test('narrows the type to the field', () => {
    for (const event of parseSendiosWebhookStrict([sms])) {
      if (event.event === 'sms_click') event.link satisfies string | null
      else if (event.event === 'sms_sent') event.sms_id satisfies string
      else if (event.event === 'reject') event.reject_reason satisfies string | null
      else if (event.event === 'unknown') event.name satisfies string
      // @ts-expect-error only clicks have a link
      if (event.event === 'sms_lost') expect(event.link).toBeUndefined()
    }
  })
})

describe('ids', () => {
  test('are strings, and keep their digits past 2^53', () => {
    const text = JSON.stringify({ 0: sms, 1: { event: 'open', ts: 1, user_id: 7 } })
      .replace('1233', '9007199254740993')
      .replace('"test123"', '9223372036854775807')
      .replace('"user_id":7', '"user_id":12345678901234567890')
    for (const body of [text, bytes(text)]) {
      expect(parseSendiosWebhookStrict(body)).toMatchObject([
        { sms_id: '9007199254740993', client_user_id: '9223372036854775807', template_id: '15' },
        { user_id: '12345678901234567890' },
      ])
    }
  })

  test.each(['client_user_id', 'project_id', 'template_id'])('keep them where %s alone is that long', (field) => {
    const text = JSON.stringify([{ ...sms, [field]: '@' }]).replace('"@"', '9007199254740993')
    expect(parseSendiosWebhookStrict(text)).toMatchObject([{ sms_id: '1233', [field]: '9007199254740993' }])
  })

  test('that a JSON parser has already rounded are an error, not another id', () => {
    const { events, errors } = parseSendiosWebhook([{ ...sms, sms_id: 2 ** 60 }])
    expect(events).toEqual([])
    expect(errors[0]?.message).toContain('0.sms_id: is a number that has lost digits: pass the text or the bytes')
  })

  test.each([
    ['meta', '{"event":"open","ts":1,"meta":{"n":9007199254740993}}', { meta: { n: '9007199254740993' } }],
    ['events of unknown names', '{"event":"x1","n":9007199254740993}', { raw: { n: '9007199254740993' } }],
  ])('within %s keep their digits, too, alone and beside others', (_, text, read) => {
    expect(parseSendiosWebhookStrict(`[${text}]`)).toMatchObject([read])
    expect(parseSendiosWebhookStrict(`[${JSON.stringify(sms)},${text}]`)).toMatchObject([typed, read])
  })

  test('may be strings, be null where the user has none, and numbers may come as strings', () => {
    const [event] = parseSendiosWebhookStrict([
      { ...sms, sms_id: '1233', client_user_id: null, ts: '1549382627', category_id: '2' },
    ])
    expect(event).toMatchObject({ sms_id: '1233', client_user_id: null, ts: 1549382627, category_id: 2 })
    expect(parseSendiosWebhookStrict([{ ...sms, client_user_id: 42 }])).toMatchObject([{ client_user_id: '42' }])
    expect(parseSendiosWebhookStrict([{ ...sms, template_id: '' }])).toMatchObject([{ template_id: null }])
    expect(parseSendiosWebhookStrict([{ event: 'open', ts: 1, client_user_id: '', split_group: 'b' }])).toMatchObject([
      { client_user_id: null, split_group: 'b' },
    ])
  })
})

describe('prototypes', () => {
  test('inherited fields are not fields of an event', () => {
    expect(parseSendiosWebhook([Object.create(sms)]).errors.map(({ path }) => path)).toEqual(['0.event'])
    expect(
      errorOf(() => parseSendiosWebhook(Object.create({ 0: sms, x: 1 }, { y: { value: 1, enumerable: true } }))).message,
    ).toContain('without events')
    const signed = Object.create({ sign: 'inherited' }, { 0: { value: sms, enumerable: true } })
    expect(parseSendiosWebhook(signed)).toMatchObject({ events: [typed], sign: null })
  })

  test('a polluted Object.prototype adds nothing to an event', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>
    prototype.omnichannel = 1
    prototype.link = 'evil.example'
    try {
      expect(parseSendiosWebhookStrict('[{"event":"click","ts":1}]')).toMatchObject([{ event: 'click', link: null }])
    } finally {
      delete prototype.omnichannel
      delete prototype.link
    }
  })

  test('what is wrong is no event, whatever it inherits', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>
    prototype.event = 'sms_sent'
    try {
      expect(parseSendiosWebhook('[{"event":"sms_sent"},7]').events).toEqual([])
    } finally {
      delete prototype.event
    }
  })

  test('an event cannot change a prototype', () => {
    parseSendiosWebhookStrict('[{"event":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]')
    parseSendiosWebhook('{"__proto__":{"0":{"event":"x"}},"0":{"event":"y","ts":1}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
