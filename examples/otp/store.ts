import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { NotificationStore } from 'omnicascade'
import { protect } from 'omnicascade/stores/protect'
import { sqlite } from 'omnicascade/stores/sqlite'

/** A SQLite store in which codes and addresses are sealed while they are needed, and forgotten once the notification has settled. */
export function sealedStore(path: string, secret: string): NotificationStore {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'omnicascade store', 32))
  return protect(sqlite(path), {
    seal(text, of) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(of))
      return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
    },
    open(sealed, of) {
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(Buffer.from(of))
      decipher.setAuthTag(bytes.subarray(-16))
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
    },
    redact: 'personal',
  })
}
