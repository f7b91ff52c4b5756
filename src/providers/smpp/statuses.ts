import { SendError } from '../../contract/errors.ts'
import type { FailureKind } from '../../contract/failure.ts'

/** Kinds for the `command_status` codes that an SMSC has of its own (0x400 to 0x4FF), or means otherwise. */
export type StatusKinds = Readonly<Record<number, FailureKind>>

const throttled = [0x58, 0x14]
const throttledFor = 1000

// SMPP 3.4, 5.1.3. 0x05, already bound: the SMSC has not noticed yet that an earlier connection is lost.
const codes: Readonly<Record<'transient' | 'recipient' | 'configuration', readonly number[]>> = {
  transient: [...throttled, 0x05, 0x08, 0x45, 0x64, 0xff],
  recipient: [0x0b, 0xfe],
  configuration: [0x02, 0x03, 0x04, 0x0a, 0x0d, 0x0e, 0x0f, 0x15, 0x48, 0x49, 0x50, 0x51, 0x53],
}
const kinds = new Map(Object.entries(codes).flatMap(([kind, all]) => all.map((code) => [code, kind as FailureKind])))

/** Why an SMSC refused. A code that is not known is about what was sent. */
export function refusalOf(what: string, status: number, own: StatusKinds = {}): SendError {
  const code = `0x${status.toString(16).toUpperCase().padStart(2, '0')}`
  return new SendError(own[status] ?? kinds.get(status) ?? 'content', `the SMSC refused the ${what}: command_status ${code}`, {
    code,
    ...(throttled.includes(status) && { retryAfter: throttledFor }),
  })
}
