// @ts-expect-error the library has no types; what is used of it is below
import untyped from 'smpp'

/** A PDU of the `smpp` package: the fields of its command stand beside its header. */
export interface Pdu {
  readonly command: string
  readonly command_status: number
  readonly [field: string]: unknown
  isResponse(): boolean
  response(fields?: Readonly<Record<string, unknown>>): Pdu
}

/** A session of the `smpp` package. */
export interface LibrarySession {
  on(event: 'pdu', heard: (pdu: Pdu) => void): unknown
  on(event: 'connect' | 'secureConnect' | 'close', heard: () => void): unknown
  on(event: 'error', heard: (error: unknown) => void): unknown
  /** `false` if the socket takes nothing any more, so that nothing was written. */
  send(pdu: Pdu, answered?: (answer: Pdu) => void): boolean
  close(): void
  destroy(): void
}

/** What is used of the `smpp` package. */
export interface Library {
  readonly PDU: new (command: string, fields: Readonly<Record<string, unknown>>) => Pdu
  readonly tlvs: Readonly<Record<string, unknown>>
  readonly encodings: { readonly ASCII: { encode(text: string): Buffer } }
  connect(options: object): LibrarySession
}

/** The `smpp` package (0.5, a peer dependency). */
export const library: Library = untyped as Library
