import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createNotifier } from 'omnicascade'
import { fail, gate, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { mailTwin } from '../../examples/demo/twins/mail.ts'
import { telegramTwin } from '../../examples/demo/twins/telegram.ts'
import { twinTwin } from '../../examples/demo/twins/twin.ts'
import { createCodes } from '../../examples/otp/codes.ts'
import { createOneTimeCodes } from '../../examples/otp/one-time-codes.ts'
import { scratch, startExample } from './start.ts'

const secret = 'a secret of the tests, long enough for them'
const ada = { telegram: 42, phone: '+420777123456', email: 'ada@example.org' }

function setUp() {
  const clock = virtualClock(Date.parse('2026-11-25T12:00:00Z'))
  const telegram = scriptedProvider({ channels: ['telegram'], receipts: 'none', timeout: '10m' })
  const sms = scriptedProvider({ channels: ['sms'] })
  const email = scriptedProvider({ channels: ['email'], receipts: 'none' })
  const notifier = createNotifier({ providers: [telegram, sms, email], clock, random: () => 0 })
  const db = new DatabaseSync(':memory:')
  onTestFinished(async () => {
    await notifier.close()
    db.close()
  })
  const oneTimeCodes = createOneTimeCodes({
    notifier,
    codes: createCodes(db, secret, () => clock.now()),
    recipientOf: (person) => (person === 'ada' ? ada : undefined),
  })
  const calls = () => [telegram, sms, email].map(({ calls }) => calls.length)
  const codeOf = ({ calls }: typeof telegram | typeof sms | typeof email) =>
    /\d{6}/.exec(JSON.stringify(calls.at(-1)?.content))?.[0] ?? ''
  const ask = async (person = 'ada') => {
    const asked = await oneTimeCodes.ask(person)
    if (asked === undefined) throw new Error('asked too often')
    await clock.advance('1s')
    return asked
  }
  return { clock, telegram, sms, email, notifier, db, oneTimeCodes, calls, codeOf, ask }
}

const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

describe('one-time codes', () => {
  test('come by Telegram, are right once, and wrong otherwise', async () => {
    const { telegram, oneTimeCodes, calls, codeOf, ask, clock } = setUp()
    const { id, expiresAt } = await ask()
    expect(calls()).toEqual([1, 0, 0])
    expect(expiresAt - clock.now()).toBe(299_000)
    const code = codeOf(telegram)
    expect(oneTimeCodes.check(id, other(code))).toBe('wrong')
    expect(oneTimeCodes.check(id, '')).toBe('wrong')
    expect(oneTimeCodes.check('another', code)).toBe('over')
    expect(oneTimeCodes.check(id, code)).toBe('right')
    expect(oneTimeCodes.check(id, code)).toBe('over')
  })

  test('come by SMS where Telegram does not take them, and by e-mail after 30 seconds of silence, its subject without the code', async () => {
    const { telegram, sms, email, oneTimeCodes, calls, codeOf, ask, clock } = setUp()
    telegram.reply(fail('recipient', 'blocked'))
    const { id } = await ask()
    expect(calls()).toEqual([1, 1, 0])
    expect(sms.calls[0]?.content.text).toMatch(/^(\d{6}) is your code(.|\n)*\n@shop\.example #\1$/)
    await clock.advance('29s')
    expect(calls()).toEqual([1, 1, 1])
    const code = codeOf(email)
    expect(email.calls[0]?.content).toMatchObject({
      subject: 'Your code for shop.example',
      text: `Your code is ${code}. Give it to nobody.`,
    })
    expect(oneTimeCodes.check(id, code)).toBe('right')
  })

  test('are over after five minutes, and do not set out in the last of them', async () => {
    const { telegram, oneTimeCodes, calls, codeOf, ask, clock } = setUp()
    const { id } = await ask()
    await clock.advance('4m')
    const code = codeOf(telegram)
    await clock.advance('59s')
    expect(oneTimeCodes.check(id, code)).toBe('over')

    const held = gate()
    telegram.reply(held.reply)
    await ask()
    await clock.advance('3m')
    held.release(fail('recipient', 'blocked'))
    await clock.advance('1h')
    expect(calls(), 'after three minutes it goes on').toEqual([2, 1, 1])

    const heldLonger = gate()
    telegram.reply(heldLonger.reply)
    await ask()
    await clock.advance('4m')
    heldLonger.release(fail('recipient', 'blocked'))
    await clock.advance('1h')
    expect(calls(), 'after four it does not').toEqual([3, 1, 1])
  })

  test('are over after five tries, the right one among the sixth', async () => {
    const { telegram, oneTimeCodes, codeOf, ask } = setUp()
    const { id } = await ask()
    const code = codeOf(telegram)
    const verdicts = Array.from({ length: 5 }, () => oneTimeCodes.check(id, other(code)))
    expect([...verdicts, oneTimeCodes.check(id, code)]).toEqual(['wrong', 'wrong', 'wrong', 'wrong', 'wrong', 'over'])
  })

  test('come again by the channel that the person chooses; the one before is void, and what is left of it is not sent', async () => {
    const { telegram, sms, email, oneTimeCodes, calls, codeOf, ask, clock } = setUp()
    telegram.reply(fail('recipient', 'blocked'))
    const { id } = await ask()
    const first = codeOf(sms)
    expect(await oneTimeCodes.askAgain(id, 'email'), 'not at once').toBeUndefined()
    await clock.advance('20s')
    const again = await oneTimeCodes.askAgain(id, 'email')
    if (again === undefined || again === 'over') throw new Error('there was none')
    await clock.advance('1m')
    expect(calls(), 'one e-mail, of the new one').toEqual([1, 1, 1])
    expect(oneTimeCodes.check(id, first)).toBe('over')
    expect(oneTimeCodes.check(again.id, codeOf(email))).toBe('right')
    expect(await oneTimeCodes.askAgain(id, 'sms')).toBe('over')
  })

  test('are counted by person: 20 seconds apart, five in a quarter of an hour, known or not', async () => {
    for (const person of ['ada', 'nobody']) {
      const { oneTimeCodes, calls, clock } = setUp()
      const asked: boolean[] = []
      for (let minute = 0; minute < 20; minute++) {
        asked.push((await oneTimeCodes.ask(person)) !== undefined)
        expect(await oneTimeCodes.ask(person)).toBeUndefined()
        await clock.advance('1m')
      }
      const most = [...Array.from({ length: 5 }, () => true), ...Array.from({ length: 10 }, () => false)]
      expect(asked).toEqual([...most, ...most.slice(0, 5)])
      expect(calls()).toEqual([person === 'ada' ? 10 : 0, 0, 0])
    }
  })

  test('are not in the table, nor is a hash of which one without the secret could make', async () => {
    const { telegram, db, codeOf, ask } = setUp()
    const { id } = await ask()
    const row = db.prepare('select * from codes').get()
    expect(Object.values(row ?? {})).not.toContain(codeOf(telegram))
    const elsewhere = new DatabaseSync(':memory:')
    onTestFinished(() => elsewhere.close())
    const codes = createCodes(elsewhere, `${secret}?`, () => Date.parse('2026-11-25T12:01:00Z'))
    elsewhere
      .prepare('insert into codes (id, person, hash, made_at, expires_at) values (?, ?, ?, 0, 1e15)')
      .run(id, 'ada', row?.hash as Uint8Array)
    expect(codes.check(id, codeOf(telegram))).toBe('wrong')
  })
})

describe('npm run example:otp', { timeout: 30_000 }, () => {
  const post = async (url: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/codes${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return [response.status, (await response.json()) as Record<string, string>] as const
  }

  test('sends a code through the vendors, takes it once, and leaves it in no log and no file', async () => {
    const login = { email: 'shop@example.org', password: 'demo' }
    const telegram = await telegramTwin({ token: '1:demo', blocked: [42] })
    const twin = await twinTwin(login)
    const mail = await mailTwin()
    onTestFinished(async () => {
      for (const opened of [telegram, twin, mail]) await opened.close()
    })
    const folder = scratch()
    const { child, ended, prints } = startExample('otp', {
      PORT: '0',
      TELEGRAM_TOKEN: '1:demo',
      TELEGRAM_URL: telegram.baseUrl,
      TWIN_EMAIL: login.email,
      TWIN_PASSWORD: login.password,
      TWIN_URL: twin.baseUrl,
      SMTP_URL: mail.url,
      HOOK_SECRET: 'hook-secret',
      OTP_SECRET: secret,
      DATA: folder,
    })
    const [url] = await prints(/http:\/\/127\.0\.0\.1:\d+/)
    const [status, { id = '', expiresAt = '' }] = await post(url, '', { person: 'ada' })
    expect(status).toBe(202)
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(200_000)
    await prints(/delivered sms/)
    const [, code = ''] = /"text":"(\d{6}) is your code/.exec(JSON.stringify(twin.requests.at(-1)?.body)) ?? []
    expect(code).toMatch(/^\d{6}$/)

    expect(await post(url, '', { person: 'ada' })).toEqual([429, { error: 'too many codes' }])
    expect(await post(url, `/${id}/check`, { code: other(code) })).toEqual([403, { verdict: 'wrong' }])
    expect(await post(url, `/${id}/check`, { code: `${code.slice(0, 3)} ${code.slice(3)}` })).toEqual([200, { verdict: 'right' }])
    expect(await post(url, `/${id}/check`, { code })).toEqual([410, { verdict: 'over' }])
    expect(await post(url, `/${id}/again`, { channel: 'email' })).toEqual([410, { verdict: 'over' }])
    expect((await post(url, `/${id}/again`, { channel: 'fax' }))[0]).toBe(400)
    expect((await post(url, '', { person: 'nobody' }))[0], 'as if there were such a person').toBe(202)
    const broken = await fetch(`${url}/codes/${id}/check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"code":"${code}"`,
    })
    expect([broken.status, await broken.json()]).toEqual([400, { error: 'the body cannot be read' }])
    expect(mail.received).toEqual([])

    child.kill('SIGTERM')
    const { code: exit, output } = await ended
    expect(exit).toBe(0)
    expect(output).not.toContain(code)
    expect(output).not.toContain('777123456')
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(files.length).toBeGreaterThan(1)
    for (const file of files)
      for (const personal of [`"${code}"`, `${code} is your code`, '777123456', 'ada@example.org'])
        expect(file).not.toContain(personal)
  })

  test('needs no account: the twins stand for the phone', async () => {
    const { prints } = startExample('otp', { PORT: '0' })
    const [url] = await prints(/http:\/\/127\.0\.0\.1:\d+/)
    const [, { id = '' }] = await post(url, '', { person: 'ada' })
    await prints(/delivered sms/)
    await vi.waitUntil(async () => (await (await fetch(`${url}/phone`)).text()).includes('is your code'))
    const [code = ''] = /\d{6}(?= is your code)/.exec(await (await fetch(`${url}/phone`)).text()) ?? []
    expect(await post(url, `/${id}/check`, { code })).toEqual([200, { verdict: 'right' }])
  })

  test('refuses to start without a secret of its own', async () => {
    const { code, output } = await startExample('otp', { PORT: '0', TELEGRAM_TOKEN: '1:demo' }).ended
    expect([code, output]).toEqual([1, expect.stringContaining('OTP_SECRET must be a secret of at least 32 characters')])
  })
})
