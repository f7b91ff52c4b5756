// AES-256-GCM from node:crypto as an app would write it, and a memory store that remembers everything it was given.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { memoryStore, type NotificationStore } from 'omnicascade'

/** Hooks that seal with a key, bound to what the text belongs to. */
export function aes(key = randomBytes(32)) {
  const calls = { seal: 0, open: 0 }
  const hooks = {
    seal(text: string, of: string) {
      calls.seal++
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(of, 'utf16le'))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
    },
    async open(sealed: string, of: string) {
      calls.open++
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(of, 'utf16le'))
      decipher.setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    },
  }
  // Not among the options, of which none but the known may be given.
  return Object.defineProperty(hooks, 'calls', { value: calls }) as typeof hooks & { readonly calls: typeof calls }
}

/** Hooks that hide nothing, and trust whatever they are given. */
export const base64 = {
  seal: (text: string) => Buffer.from(text).toString('base64'),
  open: (sealed: string) => Buffer.from(sealed, 'base64').toString(),
}

/** A memory store, and the JSON of all it was ever given to keep. */
export function observed(): { readonly store: NotificationStore; readonly written: string[] } {
  const store = memoryStore()
  const written: string[] = []
  return {
    written,
    store: {
      ...store,
      insert(record) {
        written.push(JSON.stringify(record))
        return store.insert(record)
      },
      update(record, expectedVersion) {
        written.push(JSON.stringify(record))
        return store.update(record, expectedVersion)
      },
      parkReceipt(receipt, now, expiresAt) {
        written.push(JSON.stringify(receipt))
        return store.parkReceipt(receipt, now, expiresAt)
      },
    },
  }
}

/** What a call fails with. */
export const failureOf = async (call: () => unknown) => {
  try {
    await call()
  } catch (error) {
    return error as Error & { code?: string; engineCode?: string; cause?: unknown }
  }
  throw new Error('it did not fail')
}
