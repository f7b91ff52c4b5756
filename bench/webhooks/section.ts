import { parseSendiosWebhook } from 'omnicascade/webhooks/sendios'
import { type Contender, contest, repeating } from '../kit/contender.ts'
import type { Sample } from '../kit/figures.ts'
import type { Run } from '../run.ts'
import { envelopeOf, eventWithoutId } from './bodies.ts'
import { type Reading, withAjv, withZod, withZodEach, withZodSafely, withZodToTheSame } from './peers.ts'
import { allSigned, type Signed } from './signed.ts'

/** Webhooks from the body to typed events, beside JSON.parse and what one would check its values with. */
export async function webhooks({ size, note }: Run): Promise<Sample[]> {
  const contests = [sendios(1), sendios(100), failing(100), allSigned.flatMap(signed)]
  const samples: Sample[] = []
  for (const contenders of contests) {
    samples.push(...(await contest({ section: 'webhooks', unit: '/s' }, contenders, size)))
    note(`webhooks, ${contenders[0]?.group}`)
  }
  return samples
}

// So that looking at the clock, and awaiting, costs nothing.
const eventsAtOnce = 1000

/** Reads one body again and again; each must give as many events. */
function reading(read: Reading, body: string, count: number): Contender['open'] {
  return repeating(() => {
    for (let done = 0; done < eventsAtOnce; done += count)
      if (read(body) !== count) throw new Error(`not all of ${count} events were read`)
    return eventsAtOnce
  })
}

/** Nothing but the parsing: that as many events are in it is known. */
const bare =
  (count: number): Reading =>
  (body) =>
    (JSON.parse(body) as { sign: unknown }).sign === null ? count : 0
const ours: Reading = (body) => parseSendiosWebhook(body).events.length
const oursFailing: Reading = (body) => parseSendiosWebhook(body).errors.length

function sendios(count: number): Contender[] {
  const group = `Sendios envelope of ${count} ${count === 1 ? 'event' : 'events'}`
  const body = envelopeOf(count)
  const limit = `webhooks sendios ${count} limit`
  const zod = `webhooks sendios ${count} zod`
  const shared = { group, beside: limit }
  return [
    { id: limit, group, what: 'limit: JSON.parse alone', open: reading(bare(count), body, count) },
    {
      ...shared,
      id: `webhooks sendios ${count} ours`,
      what: 'ours, parseSendiosWebhook',
      goal: { ratioAtLeast: 1.5, of: zod },
      moonshot: { ratioAtLeast: 0.85 },
      open: reading(ours, body, count),
    },
    { ...shared, id: zod, what: 'JSON.parse + zod 4, one schema', isPeer: true, open: reading(withZod, body, count) },
    {
      ...shared,
      id: `${zod} each`,
      what: 'JSON.parse + zod 4, each event',
      isPeer: true,
      open: reading(withZodEach, body, count),
    },
    {
      ...shared,
      id: `${zod} same`,
      what: 'JSON.parse + zod 4, to the same events',
      isPeer: true,
      open: reading(withZodToTheSame, body, count),
    },
    {
      ...shared,
      id: `webhooks sendios ${count} ajv`,
      what: 'JSON.parse + ajv, each event',
      isPeer: true,
      open: reading(withAjv, body, count),
    },
  ]
}

/** Payloads in which every event is wrong, beside good ones. */
function failing(count: number): Contender[] {
  const group = `Sendios envelope of ${count} events, all wrong, beside good ones`
  const good = envelopeOf(count)
  const wrong = envelopeOf(count, eventWithoutId)
  const pair = (name: string, what: string, read: Reading, readWrong: Reading): Contender[] => {
    const id = `webhooks failing ${name}`
    const isPeer = name !== 'ours'
    return [
      { id: `${id} good`, group, what: `${what}, good`, open: reading(read, good, count), ...(isPeer && { isPeer }) },
      {
        id,
        group,
        what: `${what}, wrong`,
        beside: `${id} good`,
        open: reading(readWrong, wrong, count),
        ...(isPeer ? { isPeer } : { goal: { ratioAtLeast: 0.2 } }),
      },
    ]
  }
  return [
    ...pair('ours', 'ours', ours, oursFailing),
    ...pair('zod', 'JSON.parse + zod 4, each event', withZodSafely, withZodSafely),
  ]
}

/** The whole way, signature and all, beside parsing alone. */
function signed({ name, verify, parse }: Signed): Contender[] {
  const id = `webhooks signed ${name}`
  const group = 'Signed webhooks, one event each'
  return [
    {
      id: `${id} alone`,
      group,
      what: `${name}: parse alone`,
      open: repeating(() => {
        for (let done = 0; done < 100; done++) if (parse() !== 1) throw new Error('no event')
        return 100
      }),
    },
    {
      id,
      group,
      what: `${name}: verify and parse`,
      beside: `${id} alone`,
      open: repeating(async () => {
        await verify()
        return parse()
      }),
    },
  ]
}
