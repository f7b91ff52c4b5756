import { memoryStore } from 'omnicascade'
import { storeContract } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { recordFaults } from './faults-of-records.ts'
import { timeFaults } from './faults-of-time.ts'
import { faulty } from './support.ts'

/** Another notifier of the process has the same store. */
const open = () => {
  const store = memoryStore()
  return { store, reopen: () => store, dispose() {} }
}

describe('the store contract', () => {
  for (const { name, run } of storeContract(open)) test(name, run)

  test('names each of its cases once, and leaves out what one process cannot show where there is but one', () => {
    const names = storeContract(open).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(storeContract(open, { severalProcesses: false }).map(({ name }) => name)).toEqual(
      names.filter((name) => !/^(two processes|watch)/.test(name)),
    )
  })

  test('asks for a second store where several processes are to be shown', async () => {
    const alone = storeContract(() => ({ store: memoryStore(), dispose() {} }))
    const [across] = alone.filter(({ name }) => name.startsWith('two processes'))
    await expect(across?.run()).rejects.toThrow('the case needs `reopen`')
  })

  test('clears away what a case has opened, also one that fails', async () => {
    let disposed = 0
    const cases = storeContract(() => ({ store: { ...memoryStore(), get: () => undefined }, dispose: () => void disposed++ }))
    const done = await Promise.allSettled(cases.map(({ run }) => run()))
    expect(done.some(({ status }) => status === 'rejected')).toBe(true)
    expect(disposed).toBe(cases.length)
  })
})

describe('the store contract finds out when', () => {
  for (const [name, fault] of Object.entries({ ...recordFaults, ...timeFaults }))
    test(name, async () => {
      const cases = storeContract(() => faulty(fault), { patience: 100 }).filter((one) => fault.found.test(one.name))
      const done = await Promise.allSettled(cases.map(({ run }) => run()))
      expect(done.map(({ status }) => status)).toContain('rejected')
    })
})
