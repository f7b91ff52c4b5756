import { memoryStore } from 'omnicascade'
import { storeContract } from 'omnicascade/testing'
import { describe, test } from 'vitest'

/** Another notifier of the process has the same store. */
const open = () => {
  const store = memoryStore()
  return { store, reopen: () => store, dispose() {} }
}

describe('the store contract', () => {
  for (const { name, run } of storeContract(open)) test(name, run)
})
