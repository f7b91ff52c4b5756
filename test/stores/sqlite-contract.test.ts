import { storeContract } from 'omnicascade/testing'
import { describe, test } from 'vitest'
import { freshFile, opened } from './sqlite/support.ts'

describe('the store contract', () => {
  const open = () => {
    const path = freshFile()
    return { store: opened(path), reopen: () => opened({ path, pollEvery: 10 }), dispose() {} }
  }
  for (const { name, run } of storeContract(open)) test(name, run)
})

describe('the store contract, with synchronous: normal', () => {
  const open = () => {
    const options = { path: freshFile(), synchronous: 'normal', pollEvery: 10 } as const
    return { store: opened(options), reopen: () => opened(options), dispose() {} }
  }
  for (const { name, run } of storeContract(open)) test(name, run)
})
