import { StoreError, type StoreFault } from '../../contract/store-error.ts'
import { isText } from '../../wire/options.ts'

type Meaning = readonly [codes: RegExp, fault: StoreFault, meaning: string]

const lost: Meaning = [
  /^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|E[A-Z]+)$/,
  'unavailable',
  'Redis cannot be reached, or the connection was lost',
]
const refused: Meaning = [/^(WRONGPASS|NOPERM)$/, 'refused', 'Redis refused the user, or the command']

const faults: readonly Meaning[] = [
  lost,
  refused,
  [/^NOAUTH$/, 'refused', 'a password is needed: Redis does not answer without one'],
  [/^OOM$/, 'full', 'Redis has no memory left'],
  [/^(READONLY|MISCONF|NOREPLICAS)$/, 'readonly', 'Redis takes no writes'],
]

const unnamed = { name: '', message: '', code: undefined }

/** What BullMQ or Redis threw, as an error that repeats none of its words: they may quote a job or an address. */
export function failureOf(error: unknown): StoreError {
  const { name, message, code } = error instanceof Error ? (error as Error & { readonly code?: unknown }) : unnamed
  const isReply = name === 'ReplyError'
  // Redis says what is wrong in the first word of its reply.
  const word = isReply ? /^[A-Z]{2,20}\b/.exec(message)?.[0] : code
  const engineCode = isText(word, /^\w{1,40}$/) ? word : undefined
  const [, fault, meaning] = faults.find(([codes]) => codes.test(engineCode ?? '')) ?? (isReply ? refused : lost)
  return new StoreError('bullmq', fault, engineCode ? `${meaning} (${engineCode})` : meaning, engineCode)
}

/** What is told of a connection's failures. */
export interface ConnectionReport {
  /** Tells of what failed; of a connection that stays lost, or refused, only once. */
  failed(error: unknown): void
  /** There is a connection again. */
  ready(): void
}

/** All clients of one scheduler fail together, each again with every try to connect: that is one thing to tell, not twenty. */
export function createConnectionReport(report: (error: StoreError) => void): ConnectionReport {
  let told: string | undefined
  return {
    failed(error) {
      const failure = failureOf(error)
      const { fault, engineCode } = failure
      const isOfConnection = fault === 'unavailable' || engineCode === 'NOAUTH' || engineCode === 'WRONGPASS'
      const state = fault === 'unavailable' ? fault : engineCode
      if (isOfConnection && state === told) return
      if (isOfConnection) told = state
      report(failure)
    },
    ready() {
      told = undefined
    },
  }
}
