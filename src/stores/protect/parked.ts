import type { Receipt } from '../../contract/receipt.ts'
import type { NotificationStore } from '../../contract/store.ts'
import { isSame, parted, type Said } from './said.ts'
import type { Owner, Seals } from './seals.ts'

type Parked = Pick<NotificationStore, 'parkReceipt' | 'findParked' | 'dropParked'>

const mark = 'omnicascade.sealed:'

/**
 * Parks receipts with what they say in the vendor's words sealed. The same one sealed twice gives two texts, so the store beneath takes them for
 * two: they are made one again when they are found or dropped.
 */
export function createParked(store: NotificationStore, seals: Seals | undefined): Parked {
  if (seals === undefined)
    return {
      parkReceipt: (receipt, now, expiresAt) => store.parkReceipt(receipt, now, expiresAt),
      findParked: (provider, keys, now) => store.findParked(provider, keys, now),
      dropParked: (receipt) => store.dropParked(receipt),
    }

  async function opened(receipt: Receipt): Promise<ReturnType<typeof parted<Receipt>>> {
    const { raw, ...rest } = receipt
    if (!raw?.startsWith(mark)) return parted(receipt)
    const said = await seals?.open<Said>(raw.slice(mark.length), ownerOf(receipt))
    return { rest, said: said ?? null }
  }

  return {
    async parkReceipt(receipt, now, expiresAt) {
      const { rest, said } = parted(receipt)
      if (said === null) return store.parkReceipt(receipt, now, expiresAt)
      const sealed = await seals.seal(said, ownerOf(receipt))
      return store.parkReceipt({ ...rest, raw: mark + sealed }, now, expiresAt)
    },
    async findParked(provider, keys, now) {
      const found = await Promise.all((await store.findParked(provider, keys, now)).map(opened))
      const distinct = new Map(found.map(({ rest, said }) => [JSON.stringify([rest, said]), { ...rest, ...said }]))
      return [...distinct.values()]
    },
    async dropParked(receipt) {
      const { rest, said } = parted(receipt)
      if (said === null) return store.dropParked(receipt)
      const readable = JSON.stringify(rest)
      // Expired ones too: at time 0 none has expired yet.
      for (const candidate of await store.findParked(receipt.provider, receipt.keys, 0)) {
        if (JSON.stringify(parted(candidate).rest) !== readable) continue
        if (isSame((await opened(candidate)).said, said)) await store.dropParked(candidate)
      }
    },
  }
}

function ownerOf({ provider, keys }: Receipt): Owner {
  return { of: JSON.stringify([provider, ...keys]), subject: `a parked receipt of ${provider}` }
}
