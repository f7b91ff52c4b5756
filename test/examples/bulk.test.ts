import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { csvLine, csvRecords } from '../../examples/bulk/csv.ts'
import { countCustomers, readCustomers } from '../../examples/bulk/customers.ts'
import { sampleCustomers } from '../../examples/bulk/sample.ts'
import { mailTwin } from '../../examples/demo/twins/mail.ts'
import { twinTwin } from '../../examples/demo/twins/twin.ts'
import { scratch, startExample } from './start.ts'

interface Sms {
  readonly messages: readonly [{ readonly destinations: readonly [{ readonly phone: string }] }]
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function recordsOf(...chunks: readonly string[]): Promise<readonly (readonly string[])[]> {
  async function* given() {
    yield* chunks
  }
  return all(csvRecords(given()))
}

describe('CSV', () => {
  test('is read as RFC 4180 has it', async () => {
    const text = '\uFEFFid,name\r\n1,"Lovelace, Ada"\r\n\r\n2,"said ""hi"",\r\ntwice"\n3,\r4,""'
    const records = [
      ['id', 'name'],
      ['1', 'Lovelace, Ada'],
      ['2', 'said "hi",\r\ntwice'],
      ['3', ''],
      ['4', ''],
    ]
    expect(await recordsOf(text)).toEqual(records)
    expect(await recordsOf(...text), 'a character at a time').toEqual(records)
    expect(await recordsOf('\uFEFF')).toEqual([])
  })

  test('says in which line it cannot be read', async () => {
    await expect(recordsOf('a\r\n"b\r\nc')).rejects.toThrow('line 3: the file ends within a quoted field')
    await expect(recordsOf('a\n\n"b"c')).rejects.toThrow('line 3: there is text after the quote')
    expect(await recordsOf('5" nails,a"b'), 'a quote within a field is a character, as spreadsheets read it').toEqual([
      ['5" nails', 'a"b'],
    ])
  })

  test('that was written is read as it was, however it is cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ž', '🎉', ',', '"', '\r', '\n', ' ') })
    const record = fc.array(field, { minLength: 2, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(record), fc.nat(9), async (records, size) => {
        const text = records.map(csvLine).join('')
        const chunks = Array.from({ length: Math.ceil(text.length / (size + 1)) }, (_, at) =>
          text.slice(at * (size + 1), (at + 1) * (size + 1)),
        )
        expect(await recordsOf(...chunks)).toEqual(records)
      }),
      { numRuns: 300 },
    )
  })

  test('of customers is refused whole if it lacks something', async () => {
    const file = join(scratch(), 'customers.csv')
    const problem = async (text: string) => {
      writeFileSync(file, text)
      return countCustomers(file).catch(({ message }: Error) => message.replace(file, 'it'))
    }
    expect(await problem('id;name;phone;email\n')).toBe('it: its first line lacks the columns id, name, phone, email')
    expect(await problem('id,name,phone,email\n1,Ada,+420777123456\n')).toBe('it: row 1 has 3 fields, its header 4')
    expect(await problem('id,name,phone,email\n,Ada,+420777123456,\n')).toBe('it: row 1 has no id')
    expect(await problem('email,more,phone,name,id\n,x,+420777123456,Ada,1\n')).toBe(1)
    expect(await all(readCustomers(file))).toEqual([{ row: 1, id: '1', name: 'Ada', phone: '+420777123456' }])
  })
})

describe('npm run example:bulk', { timeout: 90_000 }, () => {
  const rows = 240

  test('killed, stopped and run again, tells nobody twice, and says what became of each', async () => {
    const vendor = await twinTwin({ email: 'shop@example.org', password: 'demo' })
    const mail = await mailTwin()
    onTestFinished(async () => {
      await vendor.close()
      await mail.close()
    })
    const file = join(scratch(), 'customers.csv')
    writeFileSync(file, sampleCustomers(rows))
    const env = { TWIN_PASSWORD: 'demo', TWIN_URL: vendor.baseUrl, TWIN_RATE: '100', SMTP_URL: mail.url }
    const phones = () =>
      vendor.requests
        .filter(({ path }) => path === '/api/v1/messages')
        // TWIN takes numbers without their plus.
        .map(({ body }) => `+${(body as Sms).messages[0].destinations[0].phone}`)
    const start = (CLOCK_AHEAD: string) => startExample('bulk', { ...env, CLOCK_AHEAD }, ['./test/examples/later.ts'], [file])
    const sent = (count: number) => vi.waitUntil(() => phones().length >= count, { timeout: 30_000, interval: 1 })

    const killed = start('0')
    await sent(60)
    killed.child.kill('SIGKILL')
    expect((await killed.ended).signal).toBe('SIGKILL')

    // Two minutes later, so that the leases of the calls that were under way are over.
    const stopped = start('120000')
    await sent(130)
    stopped.child.kill('SIGINT')
    expect(await stopped.ended).toMatchObject({ code: 130, output: expect.stringContaining('Stopped. Run it again to go on.') })
    expect(() => readFileSync(file.replace('.csv', '.results.csv'))).toThrow('ENOENT')

    const { code, output } = await start('120000').ended
    expect(output).toMatch(
      new RegExp(
        `^${rows} rows in .*, to your vendors\\n(.*\\n)*.*100 % {2}${rows} sent\\n(.*\\n)*.*100 % {2}${rows} settled\\n`,
      ),
    )
    expect(code).toBe(0)

    const [header, ...results] = await recordsOf(readFileSync(file.replace('.csv', '.results.csv'), 'utf8'))
    const customers = await all(readCustomers(file))
    expect(header).toEqual(['row', 'id', 'status', 'by', 'cost', 'reason'])
    expect(results.map(([row, id]) => [Number(row), id])).toEqual(customers.map(({ row, id }) => [row, id]))

    const mails = mail.received.flatMap(({ to }) => to)
    expect(new Set(phones()).size, 'no number twice').toBe(phones().length)
    expect(new Set(mails).size, 'no mailbox twice').toBe(mails.length)
    for (const [index, { phone = '', email = '' }] of customers.entries()) {
      const [, , status, by, cost, reason = ''] = results[index]!
      const told = [...phones(), ...mails].filter((address) => address === phone || address === email)
      if (status === 'refused') {
        expect(told).toEqual([])
        expect(reason).toMatch(/no-address|E\.164/)
        continue
      }
      expect([status, by]).toEqual(['delivered', phone === '' ? 'email' : 'sms'])
      if (reason.includes('assumed')) expect([told.length <= 1, cost], 'nobody knows').toEqual([true, ''])
      else expect([told, cost]).toEqual([[phone || email], phone === '' ? '' : '0.0412 EUR'])
    }
    const assumed = results.filter(([, , , , , reason]) => reason?.includes('assumed'))
    expect(assumed.length, 'those whose calls the kill cut').toBeLessThan(60)
    expect(results.filter(([, , status]) => status === 'refused').length).toBe(rows / 20 + 5)
  })

  test('refuses a file that is none, and sends nothing', async () => {
    const file = join(scratch(), 'customers.csv')
    writeFileSync(file, 'id,name,phone,email\n1,Ada,+420777123456,\n2,"Grace\n')
    const { code, output } = await startExample('bulk', {}, [], [file]).ended
    expect([code, output]).toEqual([1, 'line 4: the file ends within a quoted field\n'])
  })
})
