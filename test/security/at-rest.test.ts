import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNotifier, memoryStore, type NotificationStore } from 'omnicascade'
import { type ProtectOptions, protect } from 'omnicascade/stores/protect'
import { sqlite } from 'omnicascade/stores/sqlite'
import { accept, scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreError } from '../../src/contract/store-error.ts'
import { failureOf } from '../stores/protect-support.ts'
import { subjects } from './subjects/all.ts'

const to = { phone: '+420777123456', email: 'ada.lovelace@example.org', userId: 'user-1815' }
const content = { sms: { text: 'Your code is 739184' }, email: { subject: 'Code 739184', text: 'It is 739184' } }
const metadata = { segment: 'vip-4242' }
const personal = ['777123456', 'ada.lovelace', 'user-1815', '739184', 'vip-4242', 'said-of-ada']

/** Keys by name, the first of which seals (docs/stores.md). */
function keyring(
  ...keys: (readonly [name: string, key: Buffer])[]
): Required<Pick<ProtectOptions, 'seal' | 'open'>> & { readonly sealed: string[] } {
  const sealed: string[] = []
  const hooks = {
    seal(text: string, of: string) {
      const [name, key] = keys[0]!
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(of))
      const made = `${name}.${Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')}`
      sealed.push(made)
      return made
    },
    open(text: string, of: string) {
      const [name, rest = ''] = text.split('.')
      const key = keys.find(([own]) => own === name)?.[1]
      if (key === undefined) throw new Error(`no key ${name} for ${text}`)
      const bytes = Buffer.from(rest, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(Buffer.from(of))
      decipher.setAuthTag(bytes.subarray(-16))
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
    },
  }
  return Object.defineProperty(hooks, 'sealed', { value: sealed }) as typeof hooks & { readonly sealed: string[] }
}

/** A notification that goes its whole way: a failed SMS, an e-mail, a receipt that was parked, one that was not. */
async function aWholeWay(store: NotificationStore): Promise<string> {
  const sms = scriptedProvider({ name: 'sms', channels: ['sms'], receipts: 'full', replies: [accept({ messageId: 'm1' })] })
  const email = scriptedProvider({ name: 'email', channels: ['email'], receipts: 'full', replies: [accept({ messageId: 'm2' })] })
  const clock = virtualClock(Date.UTC(2026, 10, 25, 12))
  const notifier = createNotifier({ providers: [sms, email], store, clock, scheduler: 'manual' })
  const at = clock.now()
  await notifier.ingest([{ provider: 'email', keys: ['m2'], status: 'delivered', at, raw: 'said-of-ada.lovelace@example.org' }])
  const { id } = await notifier.send({
    to,
    content,
    metadata,
    cascade: [{ channel: 'sms', within: '1m' }, 'email'],
    idempotencyKey: 'order-1',
  })
  await notifier.idle()
  await notifier.ingest([
    { provider: 'sms', keys: ['m1'], status: 'failed', at, raw: 'said-of-ada', reason: 'said-of-ada: +420777123456' },
  ])
  await notifier.idle()
  expect((await notifier.get(id))?.outcome).toMatchObject({ status: 'delivered', by: 'email' })
  await notifier.close()
  return id
}

describe('a protected SQLite file', () => {
  test('holds nothing of anybody: not in a row, an index, a free page or the write-ahead log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omnicascade-at-rest-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const bytesOf = () =>
      readdirSync(folder)
        .map((file) => readFileSync(join(folder, file)).toString('latin1'))
        .join('')
    let before = ''
    const file = sqlite(join(folder, 'n.db'))
    const watched: NotificationStore = {
      ...file,
      // While the log is still there: the end of the last process takes it away.
      async update(record, version) {
        const answer = await file.update(record, version)
        before += bytesOf()
        return answer
      },
    }
    await aWholeWay(protect(watched, keyring(['k1', randomBytes(32)])))
    const all = before + bytesOf()
    expect(all.length).toBeGreaterThan(10_000)
    expect(all).toContain('order-1')
    expect(
      personal.filter((word) => all.includes(word) || all.includes(Buffer.from(word).toString('base64').slice(0, -2))),
    ).toEqual([])
  })

  test('would be found out: without protection everything is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omnicascade-at-rest-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    await aWholeWay(sqlite(join(folder, 'n.db')))
    const all = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file)).toString('latin1'))
      .join('')
    expect(personal.filter((word) => all.includes(word))).toEqual(personal)
  })
})

describe('sealing', () => {
  test('happens anew for each write: no two hold the same text, and so no nonce comes twice', async () => {
    const hooks = keyring(['k1', randomBytes(32)])
    for (let time = 0; time < 20; time++) await aWholeWay(protect(memoryStore(), hooks))
    expect(hooks.sealed.length).toBeGreaterThan(100)
    expect(new Set(hooks.sealed).size).toBe(hooks.sealed.length)
    const nonces = hooks.sealed.map((sealed) => Buffer.from(sealed.slice(3), 'base64').subarray(0, 12).toString('hex'))
    expect(new Set(nonces).size).toBe(nonces.length)
  })

  test('with a new key opens what the old one sealed, and leaves nothing of the old one behind', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)]
    const store = memoryStore()
    const id = await aWholeWay(protect(store, keyring(['k1', old])))
    const rotating = protect(store, keyring(['k2', next], ['k1', old]))
    const record = (await rotating.get(id))!
    expect(record.to).toEqual(to)
    expect(await rotating.update({ ...record, version: record.version + 1 }, record.version)).toBe(true)
    const rotated = protect(store, keyring(['k2', next]))
    expect((await rotated.get(id))?.to).toEqual(to)
    const failure = await failureOf(() => protect(store, keyring(['k1', old])).get(id))
    expect(failure).toBeInstanceOf(StoreError)
    // The hook's own error quotes the sealed text and the key's name.
    expect(String(failure)).not.toMatch(/no key|k2\./)
  })

  test.each([
    ['a bit of the nonce', 0],
    ['a bit of the text', 40],
    ['a bit of the tag', -1],
  ])('notices %s that was turned', async (_, at) => {
    const store = memoryStore()
    const protectedStore = protect(store, keyring(['k1', randomBytes(32)]))
    const id = await aWholeWay(protectedStore)
    const record = (await store.get(id))!
    const [mark, sealed] = Object.entries(record.metadata!)[0] as [string, string]
    const bytes = Buffer.from(sealed.slice(3), 'base64')
    const place = at < 0 ? bytes.length + at : at
    bytes[place] = bytes[place]! ^ 1
    await store.update(
      { ...record, version: record.version + 1, metadata: { [mark]: `k1.${bytes.toString('base64')}` } },
      record.version,
    )
    await expect(protectedStore.get(id)).rejects.toBeInstanceOf(StoreError)
  })

  test('notices a record that was put in the place of another, or of its own earlier self', async () => {
    const store = memoryStore()
    const hooks = keyring(['k1', randomBytes(32)])
    const protectedStore = protect(store, hooks)
    const [one, other] = [await aWholeWay(protectedStore), await aWholeWay(protect(memoryStore(), hooks))]
    expect(one).not.toBe(other)
    const record = (await store.get(one))!
    const [mark] = Object.keys(record.metadata!) as [string]
    for (const sealed of hooks.sealed.filter((text) => text !== record.metadata![mark])) {
      const forged = { ...record, version: record.version + 1, metadata: { [mark]: sealed } }
      const copy = memoryStore()
      await copy.insert({ ...forged, idempotencyKey: null })
      await expect(protect(copy, hooks).get(one)).rejects.toBeInstanceOf(StoreError)
    }
  })
})

test('which providers have an address in what records are found by is known, and stands in SECURITY.md', () => {
  const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')
  const told = subjects.filter(({ create, requests }) =>
    requests.some((request) => {
      const address = String(request.to ?? '').replace(/^\+/, '')
      const keys = create().keys?.(request as never) ?? []
      return address !== '' && keys.some((key) => key.toLowerCase().includes(address.toLowerCase()))
    }),
  )
  // Their message ids begin with the chat.
  const telling = new Set(['telegram', 'vk', 'slackBot', ...told.map(({ name }) => name)])
  const [, listed = ''] = /addresses in correlation keys: ([^.]*)\./.exec(text) ?? []
  expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual([...telling].sort())
})
