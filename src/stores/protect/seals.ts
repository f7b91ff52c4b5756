import type { Awaitable } from '../../contract/json.ts'
import { StoreError, type StoreFault } from '../../contract/store-error.ts'

type Hook = (text: string, of: string) => Awaitable<string>

/** What a sealed text belongs to: `of`, as the hooks are told, at a `version` of it where it has one, and `subject`, as an error calls it. */
export interface Owner {
  readonly of: string
  readonly version?: number
  readonly subject: string
}

/** Seals plain JSON and opens it again, through the app's own hooks. */
export interface Seals {
  seal(value: unknown, owner: Owner): Promise<string>
  /** What was sealed for the same owner; anything else is an error. */
  open<T>(sealed: string, owner: Owner): Promise<T>
}

/** Calls the hooks, and makes what they throw an error that repeats nothing of it. */
export function createSeals(seal: Hook | undefined, open: Hook | undefined): Seals {
  return {
    async seal(value, { of, version, subject }) {
      const sealed = await call(
        seal,
        JSON.stringify({ of, version, value }),
        of,
        `seal failed for ${subject}: nothing was stored`,
      )
      if (typeof sealed === 'string' && sealed !== '') return sealed
      throw failure('refused', `seal gave no text for ${subject}: nothing was stored`)
    },
    async open(sealed, { of, version, subject }) {
      if (open === undefined) throw failure('refused', `${subject} is sealed: give protect the open that belongs to its seal`)
      const cause = 'it was changed, or sealed with another key or for another notification, or the key cannot be had just now'
      const text = await call(open, sealed, of, `open failed for ${subject}: ${cause}`)
      const opened = parsed(text)
      if (opened?.of !== of) throw failure('corrupt', `open gave something else than was sealed for ${subject}`)
      if (opened.version === version) return opened.value
      throw failure('corrupt', `what is sealed is of another version of ${subject}: restore it from a backup`)
    },
  }
}

async function call(hook: Hook | undefined, text: string, of: string, message: string): Promise<unknown> {
  try {
    return await hook?.(text, of)
  } catch (error) {
    throw failure('refused', message, codeOf(error))
  }
}

function parsed(text: unknown) {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}

/** A code that looks like one; what a foreign error says besides may quote what was to be sealed. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,59}$/.test(code) ? code : undefined
}

function failure(fault: StoreFault, message: string, code?: string): StoreError {
  return new StoreError('protect', fault, message, code)
}
