// The judge itself: a run that broke an invariant must not pass.
import { createNotifier, memoryStore, type NotificationRecord } from 'omnicascade'
import { scriptedProvider, virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { expected } from './expect.ts'
import { type Evidence, verify } from './invariants.ts'
import type { Plan, StepPlan } from './script.ts'
import type { Seen } from './vendor.ts'

const step = (channel: StepPlan['channel'], kind: StepPlan['kind'], behaviour: StepPlan['behaviour']): StepPlan => ({
  channel,
  kind,
  behaviour,
  required: false,
  onUnknown: kind === 'safe' ? 'resend' : 'advance',
})
const plan: Plan = { number: 7, steps: [step('sms', 'keyed', 'mute'), step('whatsapp', 'safe', 'good')] }

/** What a run without crashes leaves behind. */
async function calm() {
  const clock = virtualClock()
  const store = memoryStore()
  const sms = scriptedProvider({ channels: ['sms'], keys: ({ idempotencyKey }) => [idempotencyKey] })
  const whatsapp = scriptedProvider({ channels: ['whatsapp'], idempotent: true, keys: ({ idempotencyKey }) => [idempotencyKey] })
  const notifier = createNotifier({ providers: [sms, whatsapp], store, clock, createId: () => 'n' })
  await notifier.send({
    to: { phone: '+420777123456' },
    content: { sms: { text: 'Hello' }, whatsapp: { text: 'Hello' } },
    cascade: ['sms', { channel: 'whatsapp', onUnknown: 'resend' }],
  })
  await clock.advance('6m')
  await notifier.ingest([{ provider: 'whatsapp', keys: ['n.1.0'], status: 'delivered', at: clock.now() }])
  const record = await store.get('n')
  if (record === undefined) throw new Error('there is no record')
  const seen: Seen[] = [
    { number: 7, id: 'n', step: 0, channel: 'sms', key: 'n.0.0', verdict: 'taken' },
    { number: 7, id: 'n', step: 1, channel: 'whatsapp', key: 'n.1.0', verdict: 'taken' },
  ]
  return { record, seen }
}

const { record, seen } = await calm()
const settled = { version: record.version, status: 'delivered' }
const sound: Evidence = {
  plans: [plan],
  sent: new Map([[7, [{ id: 'n', created: true }]]]),
  seen,
  told: new Map([['n', [settled]]]),
  records: new Map([['n', record]]),
}
const withRecord = (changed: Partial<NotificationRecord>): Evidence => ({
  ...sound,
  records: new Map([['n', { ...record, ...changed }]]),
})
const withStep = (index: number, changed: Partial<NotificationRecord['steps'][number]>) =>
  withRecord({ steps: record.steps.map((own, at) => (at === index ? { ...own, ...changed } : own)) })
const again = (request: Seen | undefined, changed: Partial<Seen>): Seen[] =>
  request === undefined ? [] : [{ ...request, ...changed }]

describe('the judge of a run', () => {
  test('lets a sound one pass, also where a vendor that honours keys was asked twice, or a send was in doubt', () => {
    expect(() => verify(sound)).not.toThrow()
    const [attempt] = record.steps[1]?.attempts ?? []
    if (attempt === undefined) throw new Error('there is no attempt')
    const repeated = withStep(1, { attempts: [{ ...attempt, state: 'unknown' }, attempt] })
    const started = record.timeline.filter((entry) => entry.type === 'attempt.started').slice(-1)
    const [own] = repeated.records.values()
    if (own === undefined) throw new Error('there is no record')
    const records = new Map([['n', { ...own, timeline: [...own.timeline, ...started] }]])
    expect(() => verify({ ...sound, records, seen: [...seen, ...again(seen[1], { verdict: 'repeated' })] })).not.toThrow()
  })

  test.each<[string, string, Evidence]>([
    ['a request is never answered', 'every request is acknowledged', { ...sound, sent: new Map() }],
    [
      'a request that is sent again gives a second notification',
      'gives the same notification',
      { ...sound, sent: new Map([[7, [...(sound.sent.get(7) ?? []), { id: 'other', created: true }]]]) },
    ],
    [
      'a notification is created twice',
      'a notification is created once',
      {
        ...sound,
        sent: new Map([
          [
            7,
            [
              { id: 'n', created: true },
              { id: 'n', created: true },
            ],
          ],
        ]),
      },
    ],
    ['its record is gone', 'no acknowledged notification is lost', { ...sound, records: new Map() }],
    [
      'something was sent for a notification that does not exist',
      'a notification that does not exist',
      { ...sound, seen: [...seen, ...again(seen[0], { id: 'ghost' })] },
    ],
    ['it has not settled', 'every notification settles', withRecord({ settledAt: null, outcome: null, dueAt: 5 })],
    ['it has settled and is still due', 'every notification settles', withRecord({ dueAt: 5 })],
    ['a channel was sent twice', 'no channel is sent twice', { ...sound, seen: [...seen, ...again(seen[0], {})] }],
    [
      'a channel was asked again after a request that was lost',
      'no channel is sent twice',
      { ...sound, seen: [...again(seen[0], { verdict: 'dropped' }), ...seen] },
    ],
    [
      'a vendor that honours keys was given another key',
      'no channel is sent twice',
      { ...sound, seen: [...seen, ...again(seen[1], { key: 'n.1.1' })] },
    ],
    ['a call is not on record: an update was lost', 'one of an attempt on record', withStep(0, { attempts: [] })],
    [
      'an attempt is not in the timeline',
      'the timeline tells each thing once',
      withRecord({ timeline: record.timeline.filter(({ type }) => type !== 'attempt.started') }),
    ],
    [
      'it ended otherwise',
      'the status is that of a run without crashes',
      withRecord({ outcome: record.outcome && { ...record.outcome, status: 'failed' } }),
    ],
    [
      'another channel delivered',
      'channel and steps are those',
      withRecord({ outcome: record.outcome && { ...record.outcome, by: 'sms' } }),
    ],
    ['a step ended otherwise', 'channel and steps are those', withStep(0, { state: 'failed', reason: 'undelivered' })],
    [
      'a delivery that the vendor reported was not found, in doubt though the send was',
      'channel and steps are those',
      {
        ...withStep(0, { state: 'timed-out' }),
        plans: [{ ...plan, steps: [step('sms', 'keyed', 'good'), step('whatsapp', 'safe', 'good')] }],
        records: new Map([
          [
            'n',
            {
              ...record,
              timeline: [
                ...record.timeline,
                {
                  type: 'attempt.failed',
                  at: 0,
                  step: 0,
                  channel: 'sms',
                  attempt: 0,
                  provider: 'sms',
                  failure: { kind: 'unknown', message: '' },
                  retryAt: null,
                },
              ],
            },
          ],
        ]),
      },
    ],
    ['the host never heard of the outcome', 'the host hears', { ...sound, told: new Map() }],
    [
      'the host heard of another outcome last',
      'the host hears',
      { ...sound, told: new Map([['n', [settled, { version: record.version + 1, status: 'failed' }]]]) },
    ],
  ])('finds that %s', (_, name, evidence) => {
    expect(() => verify(evidence)).toThrow(name)
  })
})

test('the reference knows that a late delivery beats what still waits, and doubles what has delivered', () => {
  const late = step('sms', 'keyed', 'late')
  const states = (second: StepPlan) => {
    const { by, duplicateDelivery, steps } = expected({ number: 0, steps: [late, second, step('whatsapp', 'safe', 'good')] })
    return [by, duplicateDelivery, ...steps.map(({ state }) => state)]
  }
  expect(states(step('push', 'keyed', 'mute'))).toEqual(['sms', false, 'succeeded', 'superseded', 'skipped'])
  expect(states(step('push', 'keyed', 'good'))).toEqual(['push', true, 'succeeded', 'succeeded', 'skipped'])
  expect(states(step('push', 'keyed', 'bad'))).toEqual(['whatsapp', true, 'succeeded', 'failed', 'succeeded'])
})
