import { StoreError, type StoreFault } from '../../contract/store-error.ts'

type Fault = readonly [fault: StoreFault, message: string]

// Also an answer leaves it open: what a lost connection left unanswered was sent twice.
const unknown = 'what was to be written may have been stored: a retried send with the same idempotencyKey is safe'

const away: Fault = ['unavailable', `the server cannot answer at the moment; ${unknown}`]
const locked: Fault = ['locked', 'the server is busy with a long script or command: find it with SLOWLOG or CLIENT LIST']
const denied: Fault = [
  'refused',
  'the user may not do this: check user and password, and its ACL (it needs EVAL, EVALSHA and the commands in scripts)',
]

const faults: Readonly<Record<string, Fault>> = {
  OOM: ['full', 'its memory is full: raise maxmemory, or let settled notifications be pruned sooner'],
  READONLY: [
    'readonly',
    'the server is a read-only replica: connect to the primary, through Sentinel or Cluster where it may move',
  ],
  MISCONF: ['refused', 'the server cannot save its data to disk and takes no writes: see its log, and make room on its disk'],
  NOREPLICAS: ['unavailable', `too few replicas are in reach for a write (min-replicas-to-write); ${unknown}`],
  WRONGTYPE: ['corrupt', 'one of its keys holds a value of another type: give the store a prefix that nothing else uses'],
  NOAUTH: denied,
  WRONGPASS: denied,
  NOPERM: denied,
  BUSY: locked,
  LOADING: away,
  MASTERDOWN: away,
  CLUSTERDOWN: away,
  MOVED: away,
  ASK: away,
  TRYAGAIN: away,
}

/** What `ioredis` failed with, as the store's error. It keeps the code alone: what the server says may quote what it was sent. */
export function toStoreError(error: unknown): StoreError {
  const code = replyCodeOf(error)
  if (code === undefined) return new StoreError('redis', 'unavailable', lost, clientCodeOf(error))
  const [fault, message] = faults[code] ?? ['refused', 'the server refused the command']
  return new StoreError('redis', fault, message, code)
}

const lost = `the server was not reached, or the connection was lost before it answered; ${unknown}`

/** What a call fails with that was not answered in time. */
export function timeoutError(timeout: number): StoreError {
  return new StoreError('redis', 'unavailable', `the server did not answer within ${timeout} ms; ${unknown}`)
}

/** What comes after the end. */
export function closedError(): StoreError {
  return new StoreError('redis', 'refused', 'the store is closed: make another one with redis()')
}

/** The first word of what the server answered; undefined if the error is the client's own. */
export function replyCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined
  // Before version 7, what fails in a script stands at the end of a sentence of the server's.
  const inScript = /@user_script: ?\d+: -?([A-Z]{2,}) /.exec(error.message)
  return inScript?.[1] ?? /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR'
}

/** Whether the connection was cut among the answers of a pipeline: `ioredis` sends again only a pipeline of which nothing was answered. */
export function isCutShort(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command aborted due to connection close'
}

function clientCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && /^[A-Z][A-Z_0-9]*$/.test(code)) return code
  return error.name === 'Error' ? undefined : error.name
}
