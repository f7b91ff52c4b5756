// Peers that bring no types: as much of them as is used.
declare module 'jsonparse' {
  class Parser {
    stack: unknown[]
    onValue: (this: Parser, value: unknown) => void
    write(chunk: Uint8Array | string): void
  }
  export = Parser
}

declare module 'split2' {
  import type { Transform } from 'node:stream'

  type Mapper = (text: string) => unknown
  function split2(mapper: Mapper): Transform
  function split2(matcher: string, mapper: Mapper): Transform
  export = split2
}
