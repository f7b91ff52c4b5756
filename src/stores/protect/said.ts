/** What a receipt says in the vendor's words. */
export interface Said {
  readonly raw?: string
  readonly reason?: string
  readonly link?: string
}

/** Parts a receipt into what can be read and what is in the vendor's words; null if there is nothing of that. */
export function parted<T extends Said>(receipt: T): { readonly rest: Omit<T, keyof Said>; readonly said: Said | null } {
  const { raw, reason, link, ...rest } = receipt
  const said = {
    ...(raw !== undefined && { raw }),
    ...(reason !== undefined && { reason }),
    ...(link !== undefined && { link }),
  }
  return { rest, said: Object.keys(said).length > 0 ? said : null }
}

/** Whether two receipts said the same. */
export function isSame(one: Said | null, other: Said | null): boolean {
  return one?.raw === other?.raw && one?.reason === other?.reason && one?.link === other?.link
}
