import { RequestError } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { nodeWebhook } from 'omnicascade/http/node'
import { expect, test } from 'vitest'
import { type AcmeOptions, acme, batch, memorySink } from './support.ts'

const unset = process.env.OMNICASCADE_NO_SUCH_VARIABLE as string
const makers = [expressWebhook, nodeWebhook, fastifyWebhook, fetchWebhook]

test.each<[string, AcmeOptions, string[]]>([
  ['no secret at all', { secret: { header: 'x-secret', values: [] } }, ['secret.values']],
  ['an empty secret', { secret: { query: 'token', values: ['a', ''] } }, ['secret.values[1]']],
  ['a variable that is not set', { secret: { header: 'x-secret', values: [unset] } }, ['secret.values[0]']],
  ['a header secret with a line break', { secret: { header: 'x-secret', values: ['swordfish\n'] } }, ['secret.values[0]']],
  ['a header secret that is not ASCII', { secret: { header: 'x-secret', values: ['tajemství'] } }, ['secret.values[0]']],
  ['a header that is none', { secret: { header: 'x secret', values: ['a'] } }, ['secret.header']],
  ['an empty query name', { secret: { query: '', values: ['a'] } }, ['secret.query']],
  ['neither header nor query', { secret: { values: ['a'] } as never }, ['secret']],
  ['both header and query', { secret: { header: 'a', query: 'b', values: ['a'] } as never }, ['secret']],
  ['a secret that is a string', { secret: { header: 'a', values: 'swordfish' } as never }, ['secret.values']],
  ['a secret that is no object', { secret: 'swordfish' as never }, ['secret']],
  ['a secret that came out as null', { secret: null as never }, ['secret']],
  ['a secret that came out empty', { secret: '' as never }, ['secret']],
  [
    'a misspelt secret, which would leave the door open',
    { secrets: { query: 'token', values: ['x'] } } as AcmeOptions,
    ['secrets'],
  ],
  ['limits that are none', { limit: 0, timeout: 0 }, ['limit', 'timeout']],
  ['limits that are not numbers', { limit: 1.5, timeout: Number.NaN }, ['limit', 'timeout']],
  ['a time no timer can wait', { timeout: 2 ** 31 }, ['timeout']],
  ['a public URL that is not absolute', { publicUrl: '/hooks' }, ['publicUrl']],
])('%s is refused when the handler is made', (_, options, paths) => {
  for (const make of makers) {
    const error = thrownBy(() => make(memorySink(), acme(), options))
    expect(error).toBeInstanceOf(RequestError)
    expect((error as RequestError).issues.map(({ path }) => path)).toEqual(paths)
    expect((error as RequestError).message).toContain(`${make.name}: `)
    expect(String(error)).not.toContain('swordfish')
  }
})

test('a vendor that proves nothing needs a secret, or the word that there need be none', async () => {
  const { verify: _, ...unproven } = acme()
  for (const make of makers) {
    const error = thrownBy(() => make(memorySink(), unproven))
    expect((error as RequestError).issues).toEqual([
      { path: 'secret', message: expect.stringMatching(/^is missing: this vendor proves nothing/) },
    ])
    for (const none of [null, '', 0])
      expect(thrownBy(() => make(memorySink(), unproven, { secret: none as never }))).toBeInstanceOf(RequestError)
    make(memorySink(), unproven, { secret: { query: 'token', values: ['x'] } })
    make(memorySink(), unproven, { secret: false })
    make(memorySink(), acme())
  }
  const handler = fetchWebhook(memorySink(), unproven, { secret: false })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: batch }
  expect((await handler(new Request('https://app.example.org/hooks', init))).status).toBe(200)
})

test('a secret may hold spaces inside, in a header, and anything in a query', () => {
  expressWebhook(memorySink(), acme(), { secret: { header: 'Authorization', values: ['Bearer abc'] } })
  fetchWebhook(memorySink(), acme(), { secret: { query: 'token', values: [' tajemství '] } })
})

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
