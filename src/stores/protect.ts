import type { Awaitable } from '../contract/json.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { NotificationStore } from '../contract/store.ts'
import { checkNames, checkOptions } from '../wire/options.ts'
import { createParked } from './protect/parked.ts'
import { personalOf, redacted, sealedIn, withoutPersonal, withPersonal, withSealed } from './protect/record.ts'
import { createSeals, type Owner } from './protect/seals.ts'

/** Options of `protect`: `seal` and `open`, or `redact`, or all three. */
export interface ProtectOptions {
  /**
   * Encrypts a text before it is stored; called once for each write. `of` names what the text belongs to (the notification's id; of a parked
   * receipt, its provider and keys): authenticate it along with the text, and one sealed text cannot be passed off as another.
   */
  readonly seal?: (text: string, of: string) => Awaitable<string>
  /** Decrypts what `seal` gave; called once for each record that is read. Throws if the text was changed, or sealed for another `of`. */
  readonly open?: (sealed: string, of: string) => Awaitable<string>
  /**
   * What is forgotten once a notification has settled and waits for nothing (and `onSettled`, where there is one, has been told of it):
   * - `content`: content and variables; a template's id and version stay
   * - `personal`: besides, the recipient, every address that was sent to, metadata, and what receipts said in the vendor's words, links among it
   */
  readonly redact?: 'content' | 'personal'
}

/**
 * Keeps what is personal out of any store: sealed while it is needed, forgotten once it is not.
 *
 * Sealed are the recipient and every address that was sent to, content and variables, metadata, the request's fingerprint, and what receipts said
 * in the vendor's words (`raw`, `reason`, `link`), also of parked ones. What stores find records by, and what can be counted without knowing who
 * was told, stays readable, and is not redacted either: ids, versions, times, time zones, states, statuses, outcomes, the reasons of failures and
 * vetoes, template ids, message ids, correlation keys (which hold an address with some vendors), and the idempotency key, which is best made of
 * no address.
 * Redacting keeps the fingerprint, a short hash of each field of the request that has an idempotency key: it is what makes a request that is
 * repeated later the same one. Without `seal`, an address can be guessed from it.
 *
 * Late receipts apply to redacted notifications as to any. What was stored before is read as it is, and protected with its next write.
 * A sealed receipt that is parked twice is found once, and dropped once; the store beneath may hold it twice until it expires.
 */
export function protect(store: NotificationStore, options: ProtectOptions): NotificationStore {
  checkNames('protect', options, ['seal', 'open', 'redact'])
  const { seal, open, redact }: ProtectOptions = options ?? {}
  checkOptions('protect', [
    ['store', store, typeof store?.insert === 'function', 'be the store to protect'],
    [
      'seal',
      seal,
      seal === undefined ? open === undefined : typeof seal === 'function',
      'be a function, given together with open',
    ],
    [
      'open',
      open,
      open === undefined ? seal === undefined : typeof open === 'function',
      'be a function, given together with seal',
    ],
    [
      'redact',
      redact,
      redact === undefined ? seal !== undefined || open !== undefined : redact === 'content' || redact === 'personal',
      "be 'content' or 'personal', or left out beside seal and open",
    ],
  ])
  const seals = createSeals(seal, open)

  async function hide(record: NotificationRecord): Promise<NotificationRecord> {
    const isOver = record.settledAt !== null && record.dueAt === null
    const kept = redact !== undefined && isOver ? redacted(record, redact) : record
    const isBare = redact === 'personal' && isOver && record.fingerprint === null
    if (seal === undefined || isBare) return kept
    return withSealed(withoutPersonal(kept), await seals.seal(personalOf(kept), ownerOf(record)))
  }

  async function show(record: NotificationRecord): Promise<NotificationRecord> {
    const sealed = sealedIn(record)
    if (sealed === undefined) return record
    return withPersonal(record, await seals.open(sealed, ownerOf(record)))
  }

  return {
    ...(store.shared !== undefined && { shared: store.shared }),
    async insert(record) {
      const inserted = await store.insert(await hide(record))
      return inserted.created ? { record, created: true } : { record: await show(inserted.record), created: false }
    },
    async get(id) {
      const record = await store.get(id)
      return record && show(record)
    },
    async findByKey(provider, key, limit) {
      return Promise.all((await store.findByKey(provider, key, limit)).map(show))
    },
    update: async (record, expectedVersion) => store.update(await hide(record), expectedVersion),
    ...createParked(store, seal && seals),
    due: (now, limit) => store.due(now, limit),
    nextDueAt: () => store.nextDueAt(),
    prune: (settledBefore, now, limit) => store.prune(settledBefore, now, limit),
    ...(store.watch && { watch: store.watch.bind(store) }),
    ...(store.enlist && { enlist: store.enlist.bind(store) }),
    ...(store.close && { close: store.close.bind(store) }),
  }
}

function ownerOf({ id, version }: NotificationRecord): Owner {
  return { of: id, version, subject: `notification ${id}` }
}
