import { virtualClock } from 'omnicascade/testing'
import { describe, expect, test } from 'vitest'
import { genuineOf, publicUrl } from '../security/genuine.ts'
import { noon, sources } from '../security/subjects/sources.ts'
import { acme, call, memorySink, mounts, serve } from './support.ts'

describe.each(mounts)('on %s', (_, mount) => {
  test.each(sources)('a webhook of $name is taken as the vendor sends it', async ({ create, ...subject }) => {
    const told: unknown[] = []
    const source = create()
    const options = {
      publicUrl,
      clock: virtualClock(noon),
      onEvents: (events: readonly unknown[]) => void told.push(...events),
      ...(source.verify === undefined && { secret: false as const }),
    }
    const port = await serve(await mount(memorySink(), source, options))
    const byGet = subject.body === '' && source.methods?.includes('GET')
    const sent = await genuineOf({ create, ...subject })
    const { path, headers } = sent
    expect(await call(port, byGet ? { method: 'GET', path, headers } : sent)).toMatchObject({ status: 200 })
    expect(told).not.toEqual([])
  })

  test('a hundred at a time are each taken, and each gets its own answer', async () => {
    const sink = memorySink()
    const source = acme({ answer: (_request, [event]) => ({ body: event?.id ?? '' }) })
    const port = await serve(await mount(sink, source))
    const ids = Array.from({ length: 100 }, (_item, at) => `m${at}-\u010d\u{1f600}`)
    const answers = await Promise.all(ids.map((id) => call(port, { body: JSON.stringify([{ id, status: 'delivered' }]) })))
    expect(answers.map(({ text }) => text)).toEqual(ids)
    expect(sink.stored.map(({ keys }) => keys[0]).sort()).toEqual([...ids].sort())
  })
})
