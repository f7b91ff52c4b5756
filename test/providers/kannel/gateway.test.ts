import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNotifier, type Receipt, type SmsContent, type Suppression } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { kannel, kannelWebhook } from 'omnicascade/providers/kannel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SendRequest } from '../../../src/contract/provider.ts'
import { failureOf } from '../failures.ts'
import { journal, smscServer, textIn } from '../smpp/smsc.ts'
import { isInstalled, startGateway } from './gateway.ts'

// Nobody has to have a gateway of their own, CI neither.
if (!isInstalled) console.warn('Kannel is not installed: the tests that send through it are skipped')

describe.skipIf(!isInstalled)('kannel, through a real gateway', () => {
  const login = { username: 'shop', password: 'correct horse' }
  const token = 's3cret%41+t0ken'
  const receipts = journal<Receipt>()
  const suppressions = journal<Suppression>()
  let isDown = false
  const sink = {
    async ingest(given: Iterable<Receipt> | AsyncIterable<Receipt>) {
      if (isDown) {
        isDown = false
        throw new Error('the store is down')
      }
      for await (const receipt of given) receipts.push(receipt)
      return { applied: 0, duplicate: 0, parked: 0, unmatched: 0 }
    },
    async suppress(given: Iterable<Suppression>) {
      for (const suppression of given) suppressions.push(suppression)
    },
  }
  let target: typeof sink | ReturnType<typeof createNotifier> = sink
  const source = kannelWebhook({ secret: token })
  const app = createServer((request, response) => expressWebhook(target, source, { onError: () => {} })(request, response))
  let smsc: Awaited<ReturnType<typeof smscServer>>
  let gateway: Awaited<ReturnType<typeof startGateway>>
  let dlrUrl: string

  beforeAll(async () => {
    smsc = await smscServer()
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    const { port } = app.address() as AddressInfo
    dlrUrl = `http://127.0.0.1:${port}/hooks/kannel?token=${encodeURIComponent(token)}`
    const getUrl = `${dlrUrl.replaceAll('%', '%%')}&from=%p&to=%P&text=%e&coding=%c&at=%T`
    gateway = await startGateway({ ...login, smscPort: smsc.port, getUrl })
    await smsc.binds.atLeast(1)
  }, 20_000)
  afterAll(async () => {
    await gateway?.stop()
    await smsc?.close()
    app.closeAllConnections()
    await new Promise((resolve) => app.close(resolve))
  })

  let sent = 0
  const requestFor = (content: SmsContent): SendRequest<'sms'> => ({
    channel: 'sms',
    to: '+420777123456',
    content,
    recipient: { phone: '+420777123456' },
    idempotencyKey: `n1/ä %d.0.${sent++}`,
    notificationId: 'n1',
    within: 600_000,
  })
  const context = { signal: new AbortController().signal }
  const providerOf = (more: object = {}) =>
    kannel({ ...login, url: gateway.url, sender: 'Shop', dlrUrl, maxMessages: 10, ...more })
  /** The first `count` receipts of a message, once there are as many. */
  const about = async (key: string, count: number) => {
    for (let seen = 1; ; seen++) {
      const own = (await receipts.atLeast(seen)).filter(({ keys }) => keys[0] === key)
      if (own.length === count) return own
    }
  }
  /** What the gateway hands to the SMSC for one message. */
  const send = async (content: SmsContent, parts = 1) => {
    const before = smsc.submits.all.length
    const request = requestFor(content)
    const { idempotencyKey: key } = request
    expect(await providerOf().send(request, context)).toEqual({ messageId: key })
    return { key, id: `m${before + 1}`, submits: (await smsc.submits.atLeast(before + parts)).slice(before) }
  }
  const reports = (id: string, stat: string, err = '000') =>
    smsc.deliver({
      source_addr: '420777123456',
      destination_addr: 'Shop',
      esm_class: 4,
      data_coding: 0,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2511251200 done date:2511251201 stat:${stat} err:${err} text:Hi`,
    })

  test('a text in GSM 03.38 reaches the SMSC, and what becomes of it comes back', async () => {
    const text = 'It is {@} £5 & 100% + €1'
    const { key, id, submits } = await send({ text })
    const address = { source_addr: 'Shop', source_addr_ton: 5, destination_addr: '420777123456' }
    expect(submits).toMatchObject([{ ...address, data_coding: 0, registered_delivery: 1 }])
    expect(textIn(submits[0]!).text).toBe(text)
    expect(await about(key, 1)).toMatchObject([{ provider: 'kannel', status: 'sent', raw: '8' }])
    expect(await reports(id, 'DELIVRD')).toBe(0)
    const [, delivered] = await about(key, 2)
    expect(delivered).toMatchObject({ status: 'delivered', raw: '1' })
    expect(Math.abs(delivered!.at - Date.now())).toBeLessThan(10_000)
  })

  test('a text in UCS-2 too', async () => {
    const { submits } = await send({ text: 'Ваш заказ отправлен 👋' })
    expect(submits).toMatchObject([{ data_coding: 8 }])
    expect(textIn(submits[0]!).text).toBe('Ваш заказ отправлен 👋')
  })

  test('a long one comes in parts, of which the first is reported', async () => {
    const text = 'Длинный текст. '.repeat(10).trim()
    const { key, id, submits } = await send({ text }, 3)
    expect(submits.map((pdu) => textIn(pdu).text).join('')).toBe(text)
    expect(submits.map((pdu) => textIn(pdu).header.slice(-2))).toEqual([
      [3, 1],
      [3, 2],
      [3, 3],
    ])
    expect(submits.map((pdu) => pdu.registered_delivery)).toEqual([1, 0, 0])
    await about(key, 1)
    await reports(id, 'DELIVRD')
    expect((await about(key, 2)).map(({ status }) => status)).toEqual(['sent', 'delivered'])
  })

  test.each([
    ['UNDELIV', '042', { status: 'failed', raw: '2', reason: 'err 042' }],
    ['EXPIRED', '000', { status: 'expired' }],
  ])('a receipt of %s says why', async (stat, err, expected) => {
    const { key, id } = await send({ text: 'Hi' })
    await about(key, 1)
    await reports(id, stat, err)
    expect((await about(key, 2))[1]).toMatchObject(expected)
  })

  test('a report that could not be kept comes again', async () => {
    const { key, id } = await send({ text: 'Hi' })
    await about(key, 1)
    isDown = true
    await reports(id, 'DELIVRD')
    expect((await about(key, 2))[1]).toMatchObject({ status: 'delivered' })
    expect(isDown).toBe(false)
  })

  test('a message that the SMSC refuses fails', async () => {
    const { submit } = smsc.behaviour
    smsc.behaviour.submit = () => ({ command_status: 0x0b })
    const { key } = await send({ text: 'Hi' })
    smsc.behaviour.submit = submit
    expect(await about(key, 1)).toMatchObject([{ status: 'failed', raw: '16', reason: 'NACK 0x0000000b' }])
  })

  test.each<[string, object, Partial<SendRequest<'sms'>>, object]>([
    ['a wrong password', { password: 'guess' }, {}, { kind: 'configuration', vendorCode: '403' }],
    ['another path', { url: 'another' }, {}, { kind: 'configuration', vendorCode: '404' }],
    ['no sender', { sender: undefined }, {}, { kind: 'configuration', vendorCode: '400' }],
    ['a number on the black list', {}, { to: '+420666123456' }, { kind: 'recipient', vendorCode: '400' }],
    ['a message that no connection takes', { smsc: 'nowhere' }, {}, { kind: 'content', vendorCode: '403' }],
    [
      'a field that is wrong',
      {},
      { content: { text: 'Hi', vendor: { kannel: { priority: 9 } } } },
      { kind: 'content', vendorCode: '400' },
    ],
  ])('%s is refused', async (_, options, request, expected) => {
    const url = 'url' in options ? { url: gateway.url.replace('sendsms', 'another') } : {}
    const sending = providerOf({ ...options, ...url }).send({ ...requestFor({ text: 'Hi' }), ...request }, context)
    expect(await failureOf(sending)).toMatchObject(expected)
  })

  test.each([
    ['STOP', 0],
    ['Стоп', 8],
  ])('an inbound %s suppresses its sender', async (text, coding) => {
    const count = suppressions.all.length
    const message = coding === 8 ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text)
    await smsc.deliver({
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '420777123456',
      destination_addr: '7070',
      data_coding: coding,
      short_message: message,
    })
    expect((await suppressions.atLeast(count + 1)).at(-1)).toMatchObject({
      state: 'suppressed',
      channel: 'sms',
      address: '+420777123456',
      reason: 'opted-out',
      raw: text,
    })
  })

  test('a notification settles as delivered', async () => {
    const notifier = createNotifier({ providers: [providerOf()] })
    target = notifier
    try {
      const before = smsc.submits.all.length
      const { id } = await notifier.send({
        to: { phone: '+420777123456' },
        content: { sms: { text: 'Hi' } },
        cascade: ['sms'],
      })
      await smsc.submits.atLeast(before + 1)
      await reports(`m${before + 1}`, 'DELIVRD')
      expect(await notifier.settled(id)).toMatchObject({ status: 'delivered', by: 'sms' })
    } finally {
      target = sink
      await notifier.close()
    }
  })
})
