import { execFileSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { inspect } from 'node:util'
import { createNotifier, RequestError, type SendError } from 'omnicascade'
import { type SmppEvent, type SmppOptions, type SmppProvider, smpp } from 'omnicascade/providers/smpp'
import { virtualClock } from 'omnicascade/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { SmsContent } from '../../src/contract/content.ts'
import type { SendRequest } from '../../src/contract/provider.ts'
import type { Receipt, ReceiptSink } from '../../src/contract/receipt.ts'
import type { Suppression } from '../../src/contract/suppression.ts'
import { partsOf } from '../../src/providers/smpp/message.ts'
import { splitSegments } from '../../src/text/sms.ts'
import { freePort } from '../support/free-port.ts'
import { failureOf, thrownBy } from './failures.ts'
import { journal, smscServer, textIn } from './smpp/smsc.ts'

const opened: (() => Promise<unknown> | undefined)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
  vi.restoreAllMocks()
})

const password = 'hunter2-hunter2'
const ada = '+4915112345678'

const requestFor = (content: SmsContent = { text: 'Hi Ada' }, rest: Partial<SendRequest<'sms'>> = {}): SendRequest<'sms'> => ({
  channel: 'sms',
  to: ada,
  content,
  recipient: { phone: ada },
  idempotencyKey: 'n1.0.0',
  notificationId: 'n1',
  within: 3_723_000,
  ...rest,
})

async function serve(tls: { readonly key?: string; readonly cert?: string } = {}) {
  const smsc = await smscServer(tls)
  opened.push(smsc.close)
  return smsc
}

function provide(port: number, options: Partial<SmppOptions> = {}): SmppProvider {
  const provider = smpp({ url: `smpp://127.0.0.1:${port}`, systemId: 'shop', password, sender: 'Shop', ...options })
  opened.push(() => provider.close?.())
  return provider
}

const forever = { signal: new AbortController().signal }
const send = (provider: SmppProvider, ...request: Parameters<typeof requestFor>) => provider.send(requestFor(...request), forever)

async function failure(sending: Promise<unknown>): Promise<SendError> {
  const error = await failureOf(sending)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${password}|${ada.slice(1)}`))
  return error
}

/** A sink that keeps what it gets. */
function keep() {
  const receipts = journal<Receipt>()
  const suppressions = journal<Suppression>()
  const sink: ReceiptSink = {
    async ingest(given) {
      for await (const receipt of given) receipts.push(receipt)
      return { applied: 1, duplicate: 0, parked: 0, unmatched: 0 }
    },
    async suppress(given) {
      for (const suppression of given) suppressions.push(suppression)
    },
  }
  return { sink, receipts, suppressions }
}

describe('what is sent', () => {
  test('binds as a transceiver of version 3.4 once, and sends with all that the SMSC needs', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port, { systemType: 'VMA' })
    expect(await send(provider)).toEqual({ messageId: 'm1' })
    expect(await send(provider)).toEqual({ messageId: 'm2' })
    expect(smsc.binds.all).toHaveLength(1)
    expect(smsc.binds.all[0]).toMatchObject({ system_id: 'shop', password, system_type: 'VMA', interface_version: 0x34 })
    expect(smsc.submits.all[0]).toMatchObject({
      source_addr_ton: 5,
      source_addr_npi: 0,
      source_addr: 'Shop',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '4915112345678',
      registered_delivery: 1,
      esm_class: 0,
      data_coding: 0,
      short_message: { message: 'Hi Ada' },
    })
  })

  test.each([
    [3_723_000, '000000010203000R'],
    [90_061_999, '000001010101000R'],
    [10, '000000000001000R'],
    [90 * 86_400_000, '000030000000000R'],
  ])('a step that waits %i ms asks for no longer validity, of at most 30 days', (within, validity_period) => {
    const sender = { address: 'Shop', ton: 5, npi: 0 }
    const parts = partsOf({ digits: '420777', content: { text: 'Hi' }, sender, within, idempotencyKey: 'n1.0.0' })
    expect(parts).toMatchObject([{ validity_period }])
  })

  test.each([
    ['a number', '+491511', { source_addr: '491511', source_addr_ton: 1, source_addr_npi: 1 }],
    ['a short number', '12345', { source_addr: '12345', source_addr_ton: 0, source_addr_npi: 0 }],
    ['a name', 'Shop & Co', { source_addr: 'Shop & Co', source_addr_ton: 5, source_addr_npi: 0 }],
  ])('%s as sender has its types', async (_, sender, fields) => {
    const smsc = await serve()
    await send(provide(smsc.port), { text: 'Hi', sender })
    expect(smsc.submits.all[0]).toMatchObject(fields)
  })

  test('an address with its types stays as it is', async () => {
    const smsc = await serve()
    await send(provide(smsc.port, { sender: { address: '777', ton: 3, npi: 8 } }))
    expect(smsc.submits.all[0]).toMatchObject({ source_addr: '777', source_addr_ton: 3, source_addr_npi: 8 })
  })

  test('every letter of GSM 03.38 arrives, and what it lacks goes in UCS-2', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    const gsm = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà\f^{}\\[~]|€'
    const cyrillic = 'Привет, 世界 🎉'
    await send(provider, { text: gsm })
    await send(provider, { text: cyrillic })
    const [first, second] = smsc.submits.all
    expect([first!.data_coding, textIn(first!).text]).toEqual([0, gsm])
    expect([second!.data_coding, textIn(second!).text]).toEqual([8, cyrillic])
  })

  test.each([
    ['GSM 03.38', '€'.repeat(200), 0, 153],
    ['UCS-2', '🎉'.repeat(80), 8, 67],
  ])('a long text in %s goes in parts that a handset joins', async (_, text, coding, most) => {
    const smsc = await serve()
    const { messageId, keys } = await send(provide(smsc.port), { text })
    const parts = smsc.submits.all.map(textIn)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map(({ text }) => text)).toEqual(splitSegments(text))
    for (const [at, { header }] of parts.entries()) {
      expect(header).toEqual([0, 3, expect.any(Number), parts.length, at + 1])
      expect(header[2]).toBe(parts[0]!.header[2])
    }
    for (const pdu of smsc.submits.all) {
      expect(pdu).toMatchObject({ esm_class: 0x40, data_coding: coding })
      const octets = Number(pdu.command_length)
      expect(octets).toBeLessThan(16 + 60 + 6 + most * (coding === 8 ? 2 : 1))
    }
    // One receipt says delivered: the last part's.
    const asked = smsc.submits.all.map(({ registered_delivery }) => registered_delivery)
    expect(asked).toEqual([...parts.slice(1).map(() => 2), 1])
    expect({ messageId, keys }).toEqual({ messageId: `m${parts.length}`, keys: parts.map((_, at) => `m${at + 1}`) })
  })

  test("the app's own fields and TLVs join, and ours stay", async () => {
    const smsc = await serve()
    const vendor = { smpp: { service_type: 'CMT', priority_flag: 2, user_message_reference: 77 } }
    await send(provide(smsc.port), { text: 'Hi', vendor })
    expect(smsc.submits.all[0]).toMatchObject({ service_type: 'CMT', priority_flag: 2, user_message_reference: 77 })
  })

  test.each([
    ['an empty text', { text: '' }, 'text'],
    ['a text of over 255 parts', { text: 'ы'.repeat(67 * 255 + 1) }, 'text'],
    ['a sender that is too long', { text: 'Hi', sender: 'A name too long' }, 'sender'],
    ['a sender that is not ASCII', { text: 'Hi', sender: 'Лавка' }, 'sender'],
    ['a field of ours', { text: 'Hi', vendor: { smpp: { destination_addr: '1' } } }, 'vendor.smpp.destination_addr'],
    ['a payload', { text: 'Hi', vendor: { smpp: { message_payload: 'x' } } }, 'vendor.smpp.message_payload'],
    ['a field that there is not', { text: 'Hi', vendor: { smpp: { nope: 1 } } }, 'vendor.smpp.nope'],
  ])('%s is refused before anything is connected', async (_, content, field) => {
    const smsc = await serve()
    expect(await failure(send(provide(smsc.port), content))).toMatchObject({ kind: 'content', field })
    expect(smsc.binds.all).toEqual([])
  })

  test('what is no phone number is refused', async () => {
    expect(await failure(send(provide(1), undefined, { to: 'ada' }))).toMatchObject({ kind: 'recipient' })
  })
})

describe('what fails', () => {
  test.each([
    [0x58, 'transient'],
    [0x14, 'transient'],
    [0x08, 'transient'],
    [0x45, 'transient'],
    [0x64, 'transient'],
    [0xff, 'transient'],
    [0x0b, 'recipient'],
    [0x50, 'configuration'],
    [0x51, 'configuration'],
    [0xfe, 'recipient'],
    [0x02, 'configuration'],
    [0x03, 'configuration'],
    [0x04, 'configuration'],
    [0x0a, 'configuration'],
    [0x15, 'configuration'],
    [0x48, 'configuration'],
    [0x49, 'configuration'],
    [0x01, 'content'],
    [0x43, 'content'],
    [0x61, 'content'],
    [0x62, 'content'],
    [0xc4, 'content'],
    [0x65, 'content'],
    [0x66, 'content'],
    [0x4ff, 'content'],
  ])('command_status %i is %s', async (command_status, kind) => {
    const smsc = await serve()
    smsc.behaviour.submit = () => ({ command_status })
    const error = await failure(send(provide(smsc.port)))
    expect(error.kind).toBe(kind)
    expect(error.vendorCode).toBe(`0x${command_status.toString(16).toUpperCase().padStart(2, '0')}`)
    const isThrottled = command_status === 0x58 || command_status === 0x14
    expect(error.retryAfter).toBe(isThrottled ? 1000 : undefined)
  })

  test("the SMSC's own codes have the kinds that the app gives them", async () => {
    const smsc = await serve()
    smsc.behaviour.submit = () => ({ command_status: 0x410 })
    expect((await failure(send(provide(smsc.port, { statuses: { 1040: 'recipient' } })))).kind).toBe('recipient')
  })

  test('a message of which the SMSC has some parts is not sent anew', async () => {
    const smsc = await serve()
    let parts = 0
    smsc.behaviour.submit = () => (++parts === 1 ? { message_id: '1' } : { command_status: 0x58 })
    const error = await failure(send(provide(smsc.port), { text: 'ы'.repeat(200) }))
    expect(error).toMatchObject({ kind: 'unknown', vendorCode: '0x58', message: expect.stringContaining('has a part') })
    expect(parts).toBe(2)
  })

  test('an answer without an id is unknown', async () => {
    const smsc = await serve()
    smsc.behaviour.submit = () => ({ message_id: '' })
    expect((await failure(send(provide(smsc.port)))).kind).toBe('unknown')
  })

  test.each([
    [0x0e, 'configuration'],
    [0x0f, 'configuration'],
    [0x0d, 'configuration'],
    [0x05, 'transient'],
    [0x08, 'transient'],
  ])('a bind that is refused with %i is %s', async (status, kind) => {
    const smsc = await serve()
    smsc.behaviour.bind = status
    expect(await failure(send(provide(smsc.port)))).toMatchObject({ kind })
    expect(smsc.submits.all).toEqual([])
  })

  test('nobody there is transient, and the next send before the next try says when that is', async () => {
    const clock = virtualClock()
    const provider = provide(await freePort(), { clock })
    expect(await failure(send(provider))).toMatchObject({ kind: 'transient', vendorCode: 'ECONNREFUSED' })
    expect(await failure(send(provider))).toMatchObject({ kind: 'transient', retryAfter: 1000 })
  })

  test('a connection that is lost in the middle of a submit is unknown, and the next one is made at once', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    await send(provider)
    smsc.behaviour.submit = () => 'drop'
    expect(await failure(send(provider))).toMatchObject({ kind: 'unknown' })
    smsc.behaviour.submit = () => ({ message_id: 'again' })
    expect(await send(provider)).toEqual({ messageId: 'again' })
    expect(smsc.binds.all).toHaveLength(2)
  })

  test('a call that is cut before the SMSC is reached is transient, and after the submit unknown', async () => {
    const smsc = await serve()
    smsc.behaviour.submit = () => 'wait'
    const provider = provide(smsc.port, { window: 1 })
    expect(await failure(provider.send(requestFor(), { signal: AbortSignal.abort() }))).toMatchObject({ kind: 'transient' })
    const first = new AbortController()
    const sending = failure(provider.send(requestFor(), { signal: first.signal }))
    await smsc.submits.atLeast(1)
    const second = new AbortController()
    const waiting = failure(provider.send(requestFor(), { signal: second.signal }))
    second.abort()
    expect(await waiting).toMatchObject({ kind: 'transient' })
    first.abort()
    expect(await sending).toMatchObject({ kind: 'unknown' })
  })

  test('an answer that does not come in time is unknown, and its place in the window is free again', async () => {
    const smsc = await serve()
    const clock = virtualClock()
    const provider = provide(smsc.port, { clock, window: 1, enquireEvery: '1d', answerWithin: '20s' })
    smsc.behaviour.submit = () => 'wait'
    const sending = failure(send(provider))
    await smsc.submits.atLeast(1)
    await clock.advance('20s')
    expect(await sending).toMatchObject({ kind: 'unknown' })
    smsc.behaviour.submit = () => ({ message_id: 'second' })
    expect(await send(provider)).toEqual({ messageId: 'second' })
  })

  test('a part that is refused ends the message with its reason', async () => {
    const smsc = await serve()
    smsc.behaviour.submit = (_, number) => (number === 2 ? { command_status: 0x0b } : { message_id: `m${number}` })
    expect(await failure(send(provide(smsc.port), { text: 'ы'.repeat(200) }))).toMatchObject({ kind: 'recipient' })
    expect(smsc.submits.all).toHaveLength(2)
  })
})

describe('the connection', () => {
  test('never has more messages without an answer than the window takes', async () => {
    const smsc = await serve()
    smsc.behaviour.submit = () => 'wait'
    const provider = provide(smsc.port, { window: 3 })
    expect(provider.limits).toEqual({ concurrency: 3 })
    const sending = Array.from({ length: 10 }, () => send(provider))
    for (let count = 1; count <= 10; count++) {
      await smsc.submits.atLeast(Math.min(10, count + 2))
      expect(smsc.held.length).toBeLessThanOrEqual(3)
      smsc.held.shift()!()
    }
    const ids = (await Promise.all(sending)).map(({ messageId }) => messageId)
    expect(new Set(ids).size).toBe(10)
    expect(smsc.most()).toBe(3)
  })

  test('is asked after, and made again when nobody answers', async () => {
    const smsc = await serve()
    const clock = virtualClock()
    const provider = provide(smsc.port, { clock, enquireEvery: '30s', answerWithin: '10s' })
    for (let round = 1; round <= 3; round++) {
      // Answers come in order: once this one is there, the one before it is too.
      await send(provider)
      await clock.advance('30s')
      await smsc.enquiries.atLeast(round)
    }
    smsc.behaviour.enquire = 'ignore'
    await send(provider)
    expect(smsc.binds.all).toHaveLength(1)
    await clock.advance('30s')
    await smsc.enquiries.atLeast(4)
    await clock.advance('10s')
    await smsc.binds.atLeast(2)
    expect(await send(provider)).toMatchObject({ messageId: 'm5' })
  })

  test('that never answers is tried again after 1 s, 2 s, 4 s and at most a minute, and again and again', async () => {
    const smsc = await serve()
    smsc.behaviour.bind = 0x0e
    const clock = virtualClock()
    const provider = provide(smsc.port, { clock })
    // Whoever sends while it connects hears what becomes of that, and later when the next try is.
    const nextTry = async () => {
      for (;;) {
        const { retryAfter } = await failure(send(provider))
        if (retryAfter !== undefined) return retryAfter
      }
    }
    for (const [tries, delay] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      expect(await nextTry()).toBe(delay * 1000)
      await clock.advance(delay * 1000 - 1)
      expect(smsc.binds.all).toHaveLength(tries + 1)
      await clock.advance(1)
      await smsc.binds.atLeast(tries + 2)
    }
    expect(await nextTry()).toBe(60_000)
    smsc.behaviour.bind = 0
    await clock.advance('60s')
    expect(await send(provider)).toEqual({ messageId: 'm1' })
  })

  /** A server that takes connections and says nothing. */
  async function mute() {
    const accepted = journal<true>()
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => accepted.push(true))
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    opened.push(() => new Promise((done) => server.close(done)))
    return { accepted, port: (server.address() as AddressInfo).port }
  }

  test('to a server that says nothing is given up in time', async () => {
    const { accepted, port } = await mute()
    const clock = virtualClock()
    const sending = failure(send(provide(port, { clock, answerWithin: '5s' })))
    await accepted.atLeast(1)
    await clock.advance('5s')
    expect(await sending).toMatchObject({ kind: 'transient' })
  })

  test('that is being made is given up when the provider is closed', async () => {
    const { accepted, port } = await mute()
    const provider = provide(port, { clock: virtualClock() })
    const sending = failure(send(provider))
    await accepted.atLeast(1)
    await provider.close?.()
    expect(await sending).toMatchObject({ kind: 'transient' })
  })

  test('is unbound when the provider is closed, and nothing is sent after', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    await send(provider)
    await provider.close?.()
    expect(smsc.unbinds.all).toHaveLength(1)
    await smsc.closes.atLeast(1)
    expect(await failure(send(provider))).toMatchObject({ kind: 'transient' })
    expect(smsc.binds.all).toHaveLength(1)
  })

  test('answers what the SMSC asks, and unbinds when it is told to', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    await send(provider)
    const session = smsc.sessions.all[0]!
    const enquired = await new Promise<{ command: string }>((answered) => session.enquire_link(answered))
    expect(enquired.command).toBe('enquire_link_resp')
    const unbound = await new Promise<{ command: string }>((answered) => session.unbind(answered))
    expect(unbound.command).toBe('unbind_resp')
    await smsc.closes.atLeast(1)
    await smsc.binds.atLeast(2)
    expect(await send(provider)).toMatchObject({ messageId: 'm2' })
  })

  test.each([
    ['no SMPP at all', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a PDU shorter than its header', Buffer.from([0, 0, 0, 8, 0, 0, 0, 5])],
  ])('over which %s comes is made again', async (_, bytes) => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    await send(provider)
    smsc.sessions.all[0]!.socket.write(bytes)
    await smsc.binds.atLeast(2)
    expect(await send(provider)).toEqual({ messageId: 'm2' })
  })

  test('over which a delivery without its fields, or an unknown command, comes lives on', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    const events = journal<SmppEvent>()
    provider.receiveInto(keep().sink, { onEvent: (event) => events.push(event) })
    const [session] = await smsc.sessions.atLeast(1)
    session!.socket.write(Buffer.from([0, 0, 0, 16, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9]))
    session!.socket.write(Buffer.from([0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1, 65]))
    session!.socket.write(Buffer.from([0, 0, 0, 16, 0, 0, 0x77, 5, 0, 0, 0, 0, 0, 0, 0, 10]))
    expect(await events.atLeast(2)).toMatchObject([{ event: 'unknown' }, { event: 'unknown' }])
    expect(await send(provider)).toEqual({ messageId: 'm1' })
    expect(smsc.binds.all).toHaveLength(1)
  })

  describe('over TLS', () => {
    const { key, cert } = certificate()

    test('to a server whose certificate is known', async () => {
      const smsc = await serve({ key, cert })
      const provider = provide(smsc.port, { url: `ssmpp://127.0.0.1:${smsc.port}`, tls: { ca: cert } })
      expect(await send(provider)).toEqual({ messageId: 'm1' })
    })

    test('and not to any other: that is configuration, and the password stays here', async () => {
      const smsc = await serve({ key, cert })
      const provider = provide(smsc.port, { url: `ssmpp://127.0.0.1:${smsc.port}` })
      expect(await failure(send(provider))).toMatchObject({ kind: 'configuration', vendorCode: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
      expect(smsc.binds.all).toEqual([])
    })
  })
})

/** A certificate of its own making for 127.0.0.1. */
function certificate(): { readonly key: string; readonly cert: string } {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const where = ['-keyout', '-', '-out', '-']
  const both = execFileSync('openssl', ['req', '-x509', ...curve, ...name, ...where], { encoding: 'utf8', stdio: 'pipe' })
  const [key] = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(both)!
  const [cert] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(both)!
  return { key, cert }
}

describe('what comes back', () => {
  const receiptText = (id: string, stat: string, err = '000') =>
    `id:${id} sub:001 dlvrd:001 submit date:2611251200 done date:2611251201 stat:${stat} err:${err} text:Hi`

  async function receive(options: Partial<SmppOptions> = {}) {
    const smsc = await serve()
    const clock = virtualClock(1000)
    const provider = provide(smsc.port, { clock, ...options })
    const kept = keep()
    const events = journal<SmppEvent>()
    provider.receiveInto(kept.sink, { onEvent: (event) => events.push(event) })
    await smsc.sessions.atLeast(1)
    return { smsc, provider, events, ...kept }
  }

  test.each([
    ['DELIVRD', '000', { status: 'delivered', messageId: 'a_b@c$' }],
    ['EXPIRED', '027', { status: 'expired', reason: 'err 027' }],
    ['DELETED', '000', { status: 'failed' }],
    ['UNDELIV', '001', { status: 'failed', reason: 'err 001' }],
    ['REJECTD', '00A', { status: 'failed', reason: 'err 00A' }],
    ['ENROUTE', '000', { status: 'sent', messageId: 'a_b@c$' }],
    ['ACCEPTD', '000', { status: 'sent', messageId: 'a_b@c$' }],
    ['delivrd', '000', { status: 'delivered', messageId: 'a_b@c$' }],
  ])('a receipt in words, %s, becomes one', async (stat, err, expected) => {
    const { smsc, receipts } = await receive()
    expect(await smsc.deliver({ esm_class: 4, short_message: receiptText('a_b@c$', stat, err), data_coding: 3 })).toBe(0)
    expect(receipts.all).toEqual([{ provider: 'smpp', keys: ['a_b@c$'], at: 1000, raw: stat, ...expected }])
  })

  test('a receipt in ASCII is read as ASCII', async () => {
    const { smsc, receipts } = await receive()
    const short_message = Buffer.from(receiptText('a_b@c$', 'DELIVRD'), 'latin1')
    await smsc.deliver({ esm_class: 4, data_coding: 0, short_message })
    expect(receipts.all.map(({ keys }) => keys)).toEqual([['a_b@c$']])
  })

  test.each([
    [1, 'sent'],
    [2, 'delivered'],
    [3, 'expired'],
    [4, 'failed'],
    [5, 'failed'],
    [6, 'sent'],
    [8, 'failed'],
    [9, 'failed'],
  ])('a receipt in TLVs, %i, becomes %s, whatever its words say', async (message_state, status) => {
    const { smsc, receipts } = await receive()
    const short_message = receiptText('other', 'UNKNOWN')
    await smsc.deliver({ esm_class: 4, short_message, data_coding: 3, receipted_message_id: 'x1', message_state })
    expect(receipts.all).toMatchObject([{ keys: ['x1'], status, raw: String(message_state) }])
  })

  test('a receipt that says nothing gives none, and what cannot be read is an event all the same', async () => {
    const { smsc, receipts, events } = await receive()
    expect(await smsc.deliver({ esm_class: 4, short_message: receiptText('x1', 'UNKNOWN'), data_coding: 3 })).toBe(0)
    expect(await smsc.deliver({ esm_class: 4, short_message: 'what is this' })).toBe(0)
    expect(await smsc.deliver({ esm_class: 0, short_message: Buffer.from([1, 2]), data_coding: 4 })).toBe(0)
    expect(receipts.all).toEqual([])
    expect(events.all).toMatchObject([{ event: 'receipt', status: 'pending' }, { event: 'unknown' }, { event: 'unknown' }])
  })

  test.each([
    [{ answers: 'decimal', receipts: 'hex' }, '43981', '0000ABCD', '43981'],
    [{ answers: 'hex', receipts: 'decimal' }, 'ABCD', '43981', '43981'],
    [{ answers: 'decimal', receipts: 'decimal' }, '0043981', '43981', '43981'],
    [undefined, '0043981', '0043981', '0043981'],
    [{ answers: 'decimal', receipts: 'hex' }, 'x-1', 'x-1', 'x-1'],
  ] as const)('ids written as %o meet', async (ids, answered, received, key) => {
    const { smsc, provider, receipts } = await receive(ids && { ids })
    smsc.behaviour.submit = () => ({ message_id: answered })
    expect(await send(provider)).toEqual({ messageId: key })
    await smsc.deliver({ esm_class: 4, short_message: receiptText(received, 'DELIVRD'), data_coding: 3 })
    expect(receipts.all[0]!.keys).toEqual([key])
  })

  test('STOP opts out and START in again; other texts go to the app alone', async () => {
    const { smsc, events, suppressions } = await receive()
    const from = { source_addr: ada.slice(1), destination_addr: '12345' }
    for (const short_message of [' stop ', 'Стоп', 'Start', 'stop it']) await smsc.deliver({ ...from, short_message })
    const common = { provider: 'smpp', channel: 'sms', address: ada, reason: 'opted-out', at: 1000 }
    expect(suppressions.all).toEqual([
      { ...common, state: 'suppressed', raw: 'stop' },
      { ...common, state: 'suppressed', raw: 'Стоп' },
      { ...common, state: 'restored', raw: 'Start' },
    ])
    expect(events.all.at(-1)).toEqual({ event: 'message', from: ada, to: '12345', text: 'stop it', at: 1000 })
  })

  test('a text that came as a payload is read too', async () => {
    const { smsc, events } = await receive({ stopWords: ['LEAVE'] })
    await smsc.deliver({ source_addr: '1', message_payload: 'leave', data_coding: 3 })
    expect(events.all).toMatchObject([{ event: 'message', text: 'leave', command: 'stop' }])
  })

  test('is put off until there is somewhere to put it, and when that fails', async () => {
    const smsc = await serve()
    const provider = provide(smsc.port)
    await send(provider)
    const receipt = { esm_class: 4, short_message: receiptText('m1', 'DELIVRD'), data_coding: 3 }
    expect(await smsc.deliver(receipt)).toBe(0x64)
    const errors: unknown[] = []
    const broken = { ingest: () => Promise.reject(new Error('the store is down')) }
    provider.receiveInto(broken, { onError: (error) => errors.push(error) })
    expect(await smsc.deliver(receipt)).toBe(0x64)
    expect(errors).toMatchObject([{ message: 'the store is down' }])
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    provider.receiveInto(broken)
    expect(await smsc.deliver(receipt)).toBe(0x64)
    expect(printed).toHaveBeenCalledOnce()
    const onError = () => {
      throw new Error('the log is full')
    }
    provider.receiveInto(broken, { onError })
    expect(await smsc.deliver(receipt)).toBe(0x64)
    expect(printed).toHaveBeenLastCalledWith(expect.any(String), expect.objectContaining({ message: 'the log is full' }))
    const { sink, receipts } = keep()
    provider.receiveInto(sink)
    expect(await smsc.deliver(receipt)).toBe(0)
    expect(receipts.all).toHaveLength(1)
  })

  describe('reaches the notification that was sent in two parts', () => {
    async function sent() {
      const smsc = await serve()
      const provider = provide(smsc.port)
      const notifier = createNotifier({ providers: [provider] })
      opened.push(() => notifier.close())
      provider.receiveInto(notifier)
      const { id } = await notifier.send({
        to: { phone: ada },
        content: { sms: { text: 'ы'.repeat(100) } },
        cascade: [{ channel: 'sms', within: '1h' }],
      })
      await smsc.submits.atLeast(2)
      const reports = (part: string, stat: string) =>
        smsc.deliver({ esm_class: 4, short_message: receiptText(part, stat), data_coding: 3 })
      return { notifier, id, reports }
    }

    test('which is delivered with the last part alone, also where the SMSC reports each', async () => {
      const { notifier, id, reports } = await sent()
      expect(await reports('m1', 'DELIVRD')).toBe(0)
      expect(await reports('m2', 'ENROUTE')).toBe(0)
      expect((await notifier.get(id))?.outcome).toBeNull()
      expect(await reports('m2', 'DELIVRD')).toBe(0)
      expect(await notifier.settled(id)).toMatchObject({ status: 'delivered' })
    })

    test('which fails with any of them', async () => {
      const { notifier, id, reports } = await sent()
      expect(await reports('m1', 'UNDELIV')).toBe(0)
      expect(await notifier.settled(id)).toMatchObject({ status: 'failed' })
    })
  })
})

test('options that will not do are named, and not repeated', () => {
  const error = thrownBy(() =>
    smpp({
      url: `smpp://shop:${password}@127.0.0.1`,
      systemId: '',
      password: `${password}ё`,
      sender: 'A name too long',
      window: 0,
      enquireEvery: '0s',
      answerWithin: 'soon' as '1s',
      ids: { answers: 'octal' as 'hex', receipts: 'hex' },
      stopWords: [''],
    }),
  )
  expect(error).toBeInstanceOf(RequestError)
  expect(error.issues.map(({ path }) => path)).toEqual([
    'url',
    'systemId',
    'password',
    'sender',
    'window',
    'enquireEvery',
    'answerWithin',
    'ids',
    'stopWords',
  ])
  expect(inspect(error)).not.toContain(password)
  expect(thrownBy(() => smpp({ pasword: 'x' } as never)).issues.map(({ path }) => path)).toEqual(['pasword'])
  expect(inspect(provide(1), { depth: 10 })).not.toContain(password)
})
