import { StoreError } from '../../contract/store-error.ts'
import type { Run } from './pipeline.ts'
import { policyScript } from './scripts.ts'

/** Runs nothing before it is known that the server throws no keys away; asks again for as long as it would. A server that does not say is trusted. */
export function createPolicyCheck(run: Run, key: string, allowEviction: boolean): Run {
  if (allowEviction) return run
  let checked: Promise<void> | undefined
  let isSafe = false

  async function check(): Promise<void> {
    try {
      const policy = await run(policyScript, [key])
      if (typeof policy === 'string' && policy !== 'noeviction') throw evicting(policy)
      isSafe = true
    } finally {
      checked = undefined
    }
  }

  return async (...call) => {
    checked ??= isSafe ? undefined : check()
    if (checked !== undefined) await checked
    return run(...call)
  }
}

function evicting(policy: string): StoreError {
  return new StoreError(
    'redis',
    'evicting',
    `its maxmemory-policy is ${policy}, which throws keys away when memory is short: set maxmemory-policy to noeviction (CONFIG SET, and in redis.conf), or allow it with allowEviction: true`,
  )
}
