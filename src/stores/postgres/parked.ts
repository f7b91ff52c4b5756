import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationStore } from '../../contract/store.ts'
import { createBatcher } from './batch.ts'
import { parseStored } from './faults.ts'
import type { Names } from './names.ts'
import type { Query } from './pool.ts'
import { grouped, settle } from './reader.ts'
import { arrayOf, column, encodeText, hashOf, lines } from './text.ts'

interface Parking {
  readonly hash: string
  readonly text: string
  readonly provider: string
  readonly keys: string
  readonly now: number
  readonly expiresAt: number
}

interface Question {
  readonly provider: string
  readonly keys: readonly string[]
  readonly now: number
}

const options = { lanes: 2, most: 500 }

/** The side of the store that keeps receipts which came before their attempt's keys. */
export function createParked(names: Names, query: Query): Pick<NotificationStore, 'parkReceipt' | 'findParked' | 'dropParked'> {
  const table = names.parkedReceipts

  const park = createBatcher<Parking, void>(
    async (parkings) => {
      await query(
        `insert into ${table} as kept (hash, provider, keys, receipt, expires_at)
         select hash, provider, keys::text[], receipt, expires_at
         from unnest(${column('$1')}, ${column('$2')}, ${column('$3')}, ${column('$4')}, ${column('$5', 'bigint')}, ${column('$6', 'bigint')})
           with ordinality as fresh (hash, provider, keys, receipt, expires_at, parked_at, number)
         order by hash collate "C"
         on conflict (hash) do update set expires_at = excluded.expires_at where kept.expires_at <= any(${column('$6', 'bigint')})`,
        [
          lines(parkings.map(({ hash }) => hash)),
          lines(parkings.map(({ provider }) => provider)),
          lines(parkings.map(({ keys }) => keys)),
          lines(parkings.map(({ text }) => text)),
          lines(parkings.map(({ expiresAt }) => Math.ceil(expiresAt))),
          lines(parkings.map(({ now }) => Math.floor(now))),
        ],
      )
      return parkings.map(() => ({ value: undefined }))
    },
    { ...options, keyOf: ({ hash }) => hash },
  )

  const find = createBatcher<Question, readonly Receipt[]>(async (questions) => {
    const pairs = questions.flatMap(({ provider, keys, now }, place) =>
      keys.map((key) => ({ place: place + 1, provider: encodeText(provider), key: encodeText(key), now: Math.floor(now) })),
    )
    const rows = await query(
      `select asked.number::text as number, kept.receipt
         from unnest(${column('$1', 'bigint')}, ${column('$2')}, ${column('$3')}, ${column('$4', 'bigint')}) as asked (number, provider, key, time)
         join ${table} as kept on kept.keys @> array[asked.key] and kept.provider = asked.provider and kept.expires_at > asked.time
         group by asked.number, kept.hash order by asked.number, kept.expires_at, kept.seq`,
      [
        lines(pairs.map(({ place }) => place)),
        lines(pairs.map(({ provider }) => provider)),
        lines(pairs.map(({ key }) => key)),
        lines(pairs.map(({ now }) => now)),
      ],
    )
    const found = grouped(rows)
    return questions.map((_, place) =>
      settle(found.get(place), (own) => (own ?? []).map(({ receipt }) => parseStored<Receipt>(receipt))),
    )
  }, options)

  const drop = createBatcher<string, void>(
    async (hashes) => {
      await query(
        `delete from ${table} where hash in (select hash from ${table} where hash = any(${column('$1')}) order by hash for update)`,
        [lines(hashes)],
      )
      return hashes.map(() => ({ value: undefined }))
    },
    { ...options, keyOf: (hash) => hash },
  )

  return {
    async parkReceipt(receipt, now, expiresAt) {
      const text = JSON.stringify(receipt)
      const provider = encodeText(receipt.provider)
      await park({ hash: hashOf(text), text, provider, keys: arrayOf(receipt.keys.map(encodeText)), now, expiresAt })
    },
    findParked: async (provider, keys, now) => (keys.length === 0 ? [] : await find({ provider, keys, now })),
    dropParked: (receipt) => drop(hashOf(JSON.stringify(receipt))),
  }
}
