import { Redis } from 'ioredis'
import { createNotifier } from 'omnicascade'
import { expressWebhook } from 'omnicascade/http/express'
import { fastifyWebhook } from 'omnicascade/http/fastify'
import { fetchWebhook } from 'omnicascade/http/fetch'
import { OmnicascadeModule } from 'omnicascade/http/nest'
import { nodeWebhook } from 'omnicascade/http/node'
import { createTwinClient } from 'omnicascade/providers/twin'
import { createSambaClient } from 'omnicascade/samba'
import { bullmq } from 'omnicascade/schedulers/bullmq'
import { pgBoss } from 'omnicascade/schedulers/pg-boss'
import { bitly } from 'omnicascade/shorteners/bitly'
import { kutt } from 'omnicascade/shorteners/kutt'
import { rebrandly } from 'omnicascade/shorteners/rebrandly'
import { shortIo } from 'omnicascade/shorteners/short-io'
import { memoryLinkStore, storeShortener } from 'omnicascade/shorteners/store'
import { tinyurl } from 'omnicascade/shorteners/tinyurl'
import { vkCc } from 'omnicascade/shorteners/vk-cc'
import { yourls } from 'omnicascade/shorteners/yourls'
import { postgres } from 'omnicascade/stores/postgres'
import { protect } from 'omnicascade/stores/protect'
import { redis } from 'omnicascade/stores/redis'
import { sqlite } from 'omnicascade/stores/sqlite'
import { sendiosWebhook } from 'omnicascade/webhooks/sendios'
import { Pool } from 'pg'
import { PgBoss } from 'pg-boss'
import { memorySink } from '../../http/support.ts'
import { subjects } from './all.ts'

/** What else an app holds that was given a secret. */
export interface OtherSubject {
  /** Its subpath, where it has one. */
  readonly name: string
  readonly secrets: readonly string[]
  readonly create: () => unknown
}

const key = 'sh0rtener-acc3ss-key'
const shortener = (name: string, create: () => unknown): OtherSubject => ({ name: `shorteners/${name}`, secrets: [key], create })
const hook = { query: 'token', values: ['hook-s3cret-rest'] } as const

/** Shorteners, in the order of their subpaths. */
export const shorteners: readonly OtherSubject[] = [
  shortener('bitly', () => bitly({ accessToken: key })),
  shortener('kutt', () => kutt({ apiKey: key })),
  shortener('rebrandly', () => rebrandly({ apiKey: key })),
  shortener('short-io', () => shortIo({ apiKey: key, domain: 'go.example.org' })),
  {
    name: 'shorteners/store',
    secrets: [],
    create: () => storeShortener({ baseUrl: 'https://go.example.org', store: memoryLinkStore() }),
  },
  shortener('tinyurl', () => tinyurl({ apiToken: key })),
  shortener('vk-cc', () => vkCc({ accessToken: key })),
  shortener('yourls', () => yourls({ baseUrl: 'https://go.example.org', signature: key })),
]

// None of these connects before it is used; what is opened is closed by the one test that makes them.
const pool = () => new Pool({ connectionString: 'postgres://shop:p0stgres-passw0rd@127.0.0.1:1/shop' })
const client = () => new Redis({ host: '127.0.0.1', port: 1, password: 'r3dis-passw0rd', lazyConnect: true })

/** Stores, schedulers, clients, handlers and the notifier itself. */
export const others: readonly OtherSubject[] = [
  { name: 'stores/postgres', secrets: ['p0stgres-passw0rd'], create: () => postgres({ pool: pool() }) },
  { name: 'stores/redis', secrets: ['r3dis-passw0rd'], create: () => redis({ client: client() }) },
  { name: 'stores/sqlite', secrets: [], create: () => sqlite(':memory:') },
  {
    name: 'stores/protect',
    secrets: ['encrypt10n-key'],
    create: () => {
      const held = 'encrypt10n-key'
      return protect(sqlite(':memory:'), {
        seal: (text) => held.length + text,
        open: (sealed) => sealed.slice(String(held.length).length),
      })
    },
  },
  {
    name: 'schedulers/pg-boss',
    secrets: ['p0stgres-passw0rd'],
    create: () => pgBoss({ boss: new PgBoss('postgres://shop:p0stgres-passw0rd@127.0.0.1:1/shop') }),
  },
  {
    name: 'schedulers/bullmq',
    secrets: ['r3dis-passw0rd'],
    create: () => bullmq({ connection: { host: '127.0.0.1', port: 1, password: 'r3dis-passw0rd' } }),
  },
  { name: 'samba', secrets: ['s4mba-api-key'], create: () => createSambaClient({ trackpointId: 1, apiKey: 's4mba-api-key' }) },
  {
    name: 'a client of TWIN',
    secrets: ['tw1n-passw0rd'],
    create: () => createTwinClient({ email: 'shop@example.org', password: 'tw1n-passw0rd' }),
  },
  {
    name: 'http/express',
    secrets: ['hook-s3cret-rest'],
    create: () => expressWebhook(memorySink(), sendiosWebhook(), { secret: hook }),
  },
  {
    name: 'http/fetch',
    secrets: ['hook-s3cret-rest'],
    create: () => fetchWebhook(memorySink(), sendiosWebhook(), { secret: hook }),
  },
  {
    name: 'http/node',
    secrets: ['hook-s3cret-rest'],
    create: () => nodeWebhook(memorySink(), sendiosWebhook(), { secret: hook }),
  },
  {
    name: 'http/fastify',
    secrets: ['hook-s3cret-rest'],
    create: () => fastifyWebhook(memorySink(), sendiosWebhook(), { secret: hook }),
  },
  {
    name: 'http/nest',
    secrets: ['hook-s3cret-rest'],
    create: () => {
      const notifier = { ...memorySink(), close: async () => {} }
      return OmnicascadeModule.forRoot({ notifier, webhooks: [{ path: '/hooks', source: sendiosWebhook(), secret: hook }] })
    },
  },
  {
    name: 'a notifier with every provider',
    secrets: subjects.flatMap(({ secrets }) => secrets),
    create: () => {
      const providers = subjects.map(({ create }) => create())
      const names = new Set<string>()
      // Slack's two have one name.
      return createNotifier({
        providers: providers.filter(({ name }) => !names.has(name) && names.add(name)) as never,
        scheduler: 'manual',
      })
    },
  },
]
