import { once } from 'node:events'
import { Body, Controller, type DynamicModule, type FactoryProvider, Post } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import express, { type Express, type RequestHandler } from 'express'
import fastify from 'fastify'
import { createNotifier, type Notifier } from 'omnicascade'
import { NOTIFIER, OmnicascadeModule } from 'omnicascade/http/nest'
import { consoleProvider } from 'omnicascade/providers/console'
import { describe, expect, onTestFinished, test } from 'vitest'
import { acme, batch, call, memorySink, routed, serve } from './support.ts'

const silent = { logger: false, abortOnError: false } as const
const create = () => createNotifier({ providers: [consoleProvider({ write: () => {}, channels: ['sms'] })] })

/** A root module around what a test imports. */
const appOf = (...imports: DynamicModule[]): DynamicModule => ({ module: class AppModule {}, imports })

/** A closable sink, and whether it was closed. */
function closable() {
  const sink = Object.assign(memorySink(), {
    closed: 0,
    async close() {
      sink.closed++
    },
  })
  return sink
}

describe('a Nest app', () => {
  test('has the notifier under its token, in every module, and one that was made of what Nest injects', async () => {
    const notifier = create()
    const config: DynamicModule = {
      module: class ConfigModule {},
      providers: [{ provide: 'secret', useValue: 's3cret' }],
      exports: ['secret'],
    }
    const orders: DynamicModule = {
      module: class OrdersModule {},
      providers: [{ provide: 'orders', inject: [NOTIFIER], useFactory: (injected: Notifier) => injected }],
    }
    const root = OmnicascadeModule.forRootAsync({
      imports: [config],
      inject: ['secret'],
      useFactory: async (value: string) => ({
        notifier,
        webhooks: [{ path: '/hooks', source: acme(), secret: { query: 'token', values: [value] } }],
      }),
    })
    const app = await NestFactory.create(appOf(root, orders), silent)
    await app.init()
    expect(app.get<Notifier>('orders', { strict: false })).toBe(notifier)
    const port = await serve(app.getHttpAdapter().getInstance() as Express)
    expect((await call(port, { path: '/hooks?token=s3cret', body: batch })).status).toBe(200)
    expect((await call(port, { body: batch })).status).toBe(401)
    await app.close()
    const late = { to: { phone: '+420777123456' }, content: { sms: { text: 'Hi' } }, cascade: ['sms' as const] }
    await expect(notifier.send(late)).rejects.toThrow(/closed/)
  })

  test('keeps its own JSON parser and its prefix, which the webhook does not have', async () => {
    const sink = closable()
    const orders = { module: class OrdersModule {}, controllers: [echoingController()] }
    const root = OmnicascadeModule.forRoot({ notifier: sink, webhooks: [{ path: 'hooks', source: acme() }] })
    const app = await NestFactory.create(appOf(root, orders), silent)
    onTestFinished(() => app.close())
    app.setGlobalPrefix('api')
    await app.init()
    const port = await serve(app.getHttpAdapter().getInstance() as Express)
    expect((await call(port, { body: batch })).status).toBe(200)
    expect((await call(port, { path: '/api/hooks', body: batch })).status).toBe(404)
    expect((await call(port, { path: '/api/orders', body: '{"a":1}' })).json()).toEqual({ a: 1 })
    expect(sink.stored).toHaveLength(2)
  })

  test('without HTTP, a worker say, has the notifier, and no webhooks', async () => {
    const sink = closable()
    const root = OmnicascadeModule.forRoot({ notifier: sink, webhooks: [{ path: 'hooks', source: acme() }] })
    const app = await NestFactory.createApplicationContext(appOf(root), silent)
    expect(app.get(NOTIFIER)).toBe(sink)
    await app.close()
    expect(sink.closed).toBe(1)
  })

  test('that is told to stop by a signal closes the notifier, where it enables shutdown hooks', async () => {
    const sink = closable()
    const app = await NestFactory.create(appOf(OmnicascadeModule.forRoot({ notifier: sink })), silent)
    const stopping = process.listeners('SIGUSR2')
    app.enableShutdownHooks(['SIGUSR2'])
    await app.init()
    // Nest ends by killing its process with the same signal, which is ours here.
    const again = once(process, 'SIGUSR2').then(() => once(process, 'SIGUSR2'))
    process.kill(process.pid, 'SIGUSR2')
    await again
    expect(sink.closed).toBe(1)
    expect(process.listeners('SIGUSR2')).toEqual(stopping)
  })

  test.each([
    ['a vendor that proves nothing has no secret', { path: 'hooks/acme', source: unproven() }, /webhook hooks\/acme: .*secret/s],
    ['an option is misspelt', { path: 'hooks', source: acme(), limits: 1 }, /webhook hooks: .*limits/s],
  ])('does not start where %s', async (_, webhook, words) => {
    const root = OmnicascadeModule.forRoot({ notifier: closable(), webhooks: [webhook] })
    await expect(NestFactory.create(appOf(root), silent)).rejects.toThrow(words)
  })
})

/** What decorators would say of a controller that answers what it was sent at POST /orders. */
function echoingController() {
  class OrdersController {
    create(body: unknown) {
      return body
    }
  }
  const { prototype } = OrdersController
  Controller('orders')(OrdersController)
  Body()(prototype, 'create', 0)
  Post()(prototype, 'create', Object.getOwnPropertyDescriptor(prototype, 'create') as PropertyDescriptor)
  return OrdersController
}

function unproven() {
  const { verify: _, ...source } = acme()
  return source
}

describe('whatever the HTTP adapter', () => {
  /** The part of the module that mounts, and this host. */
  function mountOn(host: HttpAdapterHost, sink = closable()) {
    const { providers = [] } = OmnicascadeModule.forRoot({ notifier: sink, webhooks: [{ path: 'hooks', source: acme() }] })
    const mounting = providers.find((provider) => (provider as FactoryProvider).inject?.includes(HttpAdapterHost))
    void (mounting as FactoryProvider).useFactory({ notifier: sink, webhooks: [{ path: 'hooks', source: acme() }] }, host)
    return sink
  }
  const adapterOf = (type: string, instance: unknown) =>
    ({
      getType: () => type,
      getInstance: () => instance,
      all: (path: string, handler: RequestHandler) => (instance as Express).all(path, handler),
    }) as never

  test('Fastify gets a plugin', async () => {
    const app = fastify()
    const host = new HttpAdapterHost()
    host.httpAdapter = adapterOf('fastify', app)
    const sink = mountOn(host)
    expect((await call(await serve(await routed(app)), { body: batch })).status).toBe(200)
    expect(sink.stored).toHaveLength(2)
  })

  test('one that comes after the providers, as in a testing module, is waited for', async () => {
    const app = express()
    const host = new HttpAdapterHost()
    const sink = mountOn(host)
    host.httpAdapter = adapterOf('express', app)
    expect((await call(await serve(app), { body: batch })).status).toBe(200)
    expect(sink.stored).toHaveLength(2)
  })
})
