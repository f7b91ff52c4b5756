/** Gathers what is handed over in one turn of the event loop and passes it on in one go; all who handed something over wait for that. */
export function perTurn<T>(send: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let items: T[] = []
  let sent: Promise<void> | undefined

  async function pass(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const gathered = items
    items = []
    sent = undefined
    await send(gathered)
  }

  return (item) => {
    items.push(item)
    sent ??= pass()
    return sent
  }
}
