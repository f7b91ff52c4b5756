import { parseSambaEvents } from 'omnicascade/samba'
import { type Contender, contest, repeating } from '../kit/contender.ts'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'
import { memory } from './memory.ts'
import { arriving, eachOf, peers, type Reading } from './peers.ts'
import { type Framing, framings, type Input, inputOf, type SambaRecord } from './records.ts'

/** Records through our parser, one by one and in batches, beside what others take for the same stream; and the memory of a long one. */
export async function samba({ size, quick, note }: Run): Promise<Sample[]> {
  const samples: Sample[] = []
  const bytes = quick ? 300_000 : 2_000_000
  const known = (Object.keys(framings) as Framing[]).map((framing) => inputOf(framing, bytes))
  for (const input of [...known, inputOf('ndjson', bytes, { unlike: true })]) {
    const megabytes = input.bytes / input.texts.length / 1e6
    samples.push(
      ...(await contest({ section: 'samba', unit: 'MB/s' }, contendersOf(input), size, (records) => records * megabytes)),
    )
    note(`samba, ${input.name}`)
  }
  samples.push(...(await memory(quick ? 32 << 20 : 1 << 30)))
  note('samba, memory')
  return samples
}

// As the project's performance goals have it.
const moonshots: Readonly<Record<Framing, number>> = { ndjson: 1.4, pretty: 1.3, rfc7464: 1.3 }

function contendersOf(input: Input): Contender[] {
  const { framing, unlike, name: group } = input
  const idOf = (name: string) => `samba ${framing}${unlike ? ' unlike' : ''} ${name}`
  const contender = (name: string, read: Reading, more: Partial<Contender> = {}): Contender => ({
    id: idOf(name),
    group,
    what: name,
    beside: idOf('limit'),
    open: repeating(() => whole(read, input)),
    ...more,
  })
  const goals = unlike ? {} : { goal: { ratioAtLeast: 1 } }
  const moonshot = unlike ? {} : { moonshot: { ratioAtLeast: moonshots[framing] } }
  return [
    { id: idOf('limit'), group, what: 'limit: JSON.parse of each text', open: repeating(() => bare(input)) },
    contender('ours, one by one', each, goals),
    contender('ours, in batches', inBatches, { ...goals, ...moonshot }),
    ...peers.filter((peer) => peer.framings.includes(framing)).map(({ name, read }) => contender(name, read, { isPeer: true })),
  ]
}

/** A parser that loses records would be fast. */
async function whole(read: Reading, input: Input): Promise<number> {
  const count = await read(input)
  if (count !== input.texts.length) throw new Error(`${count} of ${input.texts.length} records were read`)
  return count
}

function bare({ texts }: Input): number {
  let latest = 0
  for (const text of texts) latest = Math.max(latest, (JSON.parse(text) as SambaRecord).smsEvent.date)
  if (latest === 0) throw new Error('the records have no dates')
  return texts.length
}

const each: Reading = (input) => eachOf(parseSambaEvents(arriving(input)))

const inBatches: Reading = async (input) => {
  let count = 0
  let latest = 0
  for await (const batch of parseSambaEvents(arriving(input)).batches()) {
    count += batch.length
    for (const { smsEvent } of batch) latest = Math.max(latest, smsEvent.date)
  }
  if (latest === 0) throw new Error('the records have no dates')
  return count
}
