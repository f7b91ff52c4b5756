import { parseSambaEvents, type SambaSmsEvent, StreamError, sambaReceipts } from 'omnicascade/samba'
import type { Random } from '../../crash/random.ts'
import { fileOf } from '../fixtures.ts'
import { planted } from '../mutate-structure.ts'
import { checkError, checkReceipt } from '../promises.ts'
import { ensure, type Target } from '../target.ts'

const pretty = fileOf('samba/fixtures/sample.txt')
const records = pretty.split(/^(?=\{$)/m).map((text) => JSON.stringify(JSON.parse(text.replace(/: (\d{16,})/, ': "$1"'))))
const flat = records.map((text) => text.replace(/"(\d{16,})"/, '$1'))

/** Samba's export in its three framings, and two mixed, in chunks of random sizes, with each way to treat bad records. */
export const sambaTargets: readonly Target[] = [
  {
    name: 'samba: stream',
    corpus: [
      pretty,
      flat.map((text) => `${text}\n`).join(''),
      flat.map((text) => `\u001e${text}\n`).join(''),
      `\ufeff${flat.join('\r\n\r\n')}`,
      `${flat.join('\n')}\n${pretty}`,
      `[${flat.join(',\n')}]`,
    ],
    form: 'json',
    secrets: [planted],
    async read(input) {
      for await (const _ of parseSambaEvents(piecesOf(input), { onError: 'skip' }).batches());
    },
    async call(input, random) {
      const [bad, way] = [[] as StreamError[], random.below(3)]
      const onError = way === 0 ? 'throw' : way === 1 ? 'skip' : (error: StreamError) => void bad.push(error)
      const options = { onError, ...(random.chance(0.2) && { maxRecordBytes: 1 + random.below(400) }) } as const
      const events: SambaSmsEvent[] = []
      try {
        for await (const event of parseSambaEvents(chunksOf(input, random), options)) events.push(event)
      } finally {
        for (const error of bad) {
          ensure(error instanceof StreamError, 'a record is refused with another error')
          checkError(error, [planted], false)
        }
        for await (const receipt of sambaReceipts(events)) checkReceipt(receipt, 'samba')
      }
      return bad.length === 0
    },
  },
]

/** As a socket gives it. */
function* piecesOf(input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at += 16_384) yield input.subarray(at, at + 16_384)
}

function* chunksOf(input: Uint8Array, random: Random): Generator<Uint8Array | string> {
  const longest = Math.max(random.pick([1, 10, 100, 10_000]), Math.ceil(input.length / 1000))
  const asText = random.chance(0.3)
  const text = asText ? new TextDecoder().decode(input) : ''
  for (let at = 0; at < (asText ? text.length : input.length); ) {
    const end = at + 1 + random.below(longest)
    yield asText ? text.slice(at, end) : input.subarray(at, end)
    at = end
  }
}
