// The checks that one would write instead, in zod and in ajv, on what JSON.parse gives. But for one they leave the values as they are.
import { Ajv } from 'ajv'
import { z } from 'zod'

/** Reads a body and gives the number of its events. */
export type Reading = (body: string) => number

const fields = {
  client_user_id: z.string().nullable(),
  project_id: z.int(),
  category_id: z.int(),
  template_id: z.int(),
  sms_id: z.int(),
  ts: z.int(),
  omnichannel: z.int(),
  channel: z.string(),
}
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('sms_sent'), ...fields }),
  z.object({ event: z.literal('sms_lost'), ...fields }),
  z.object({ event: z.literal('sms_click'), ...fields, link: z.string() }),
])
const eventsSchema = z.array(eventSchema)

/** The events of an envelope: what is under numbers. */
function eventsIn(body: string): unknown[] {
  const { sign: _, ...events } = JSON.parse(body) as Record<string, unknown>
  return Object.values(events)
}

/** One schema for all events of an envelope. */
export const withZod: Reading = (body) => eventsSchema.parse(eventsIn(body)).length

/** A schema for one event, called for each. */
export const withZodEach: Reading = (body) => eventsIn(body).map((event) => eventSchema.parse(event)).length

const id = z.union([z.string(), z.int().transform(String)]).nullable()
const normalised = { ...fields, client_user_id: id, project_id: id, template_id: id, sms_id: id }
const normalisingSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('sms_sent'), ...normalised }),
  z.object({ event: z.literal('sms_lost'), ...normalised }),
  z.object({ event: z.literal('sms_click'), ...normalised, link: z.string() }),
])

/** To what ours gives: ids as strings, and each event as it came beside it. */
export const withZodToTheSame: Reading = (body) => eventsIn(body).map((raw) => ({ ...normalisingSchema.parse(raw), raw })).length

/** Each event by itself, though it may be wrong: gives how many there are. */
export const withZodSafely: Reading = (body) => eventsIn(body).map((event) => eventSchema.safeParse(event).success).length

const integers = ['project_id', 'category_id', 'template_id', 'sms_id', 'ts', 'omnichannel']
const properties = {
  event: { enum: ['sms_sent', 'sms_lost', 'sms_click'] },
  client_user_id: { type: 'string', nullable: true },
  channel: { type: 'string' },
  ...Object.fromEntries(integers.map((name) => [name, { type: 'integer' }])),
}
const isEvent = new Ajv().compile({
  type: 'object',
  properties,
  required: Object.keys(properties),
  if: { properties: { event: { const: 'sms_click' } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
  then: { properties: { link: { type: 'string' } }, required: ['link'] },
})

/** A compiled schema for one event, called for each. */
export const withAjv: Reading = (body) => {
  const events = eventsIn(body)
  if (!events.every((event) => isEvent(event))) throw new Error('an event is wrong')
  return events.length
}
