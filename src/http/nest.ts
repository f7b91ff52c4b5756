import type { DynamicModule, FactoryProvider, ModuleMetadata, OnApplicationShutdown, OnModuleInit } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { FastifyInstance } from 'fastify'
import type { Awaitable } from '../contract/json.ts'
import type { ReceiptSink } from '../contract/receipt.ts'
import type { WebhookSource } from '../contract/webhook.ts'
import { expressWebhook } from './express.ts'
import { fastifyWebhook } from './fastify.ts'
import { checkOptions, type WebhookOptions } from './options.ts'

export type { SharedSecret } from './options.ts'

/** The token of the notifier: `constructor(@Inject(NOTIFIER) private readonly notifier: Notifier) {}`. */
export const NOTIFIER: unique symbol = Symbol('omnicascade.notifier')

/** A vendor's webhooks, and the path at which they come: whole, for the app's global prefix does not count. */
export interface NestWebhook<E> extends Omit<WebhookOptions<NoInfer<E>>, 'publicUrl'> {
  readonly path: string
  readonly source: WebhookSource<E>
  /** The URL as the vendor calls it, where a proxy has rewritten it. */
  readonly publicUrl?: string
}

/** What the module needs. `E` are the events of its webhooks, in order. */
export interface NestOptions<E extends readonly unknown[]> {
  /** Made by `createNotifier`; closed when the app is. */
  readonly notifier: ReceiptSink & { close(): Promise<unknown> }
  readonly webhooks?: { readonly [K in keyof E]: NestWebhook<E[K]> }
}

/** The same, made of what Nest injects. */
export interface NestAsyncOptions<E extends readonly unknown[]>
  extends Pick<ModuleMetadata, 'imports'>,
    Pick<FactoryProvider, 'inject'> {
  readonly useFactory: (...injected: never[]) => Awaitable<NestOptions<E>>
}

/**
 * A global module for NestJS that injects a notifier as `NOTIFIER`, mounts webhooks with their raw bodies (on Express or Fastify, before any body
 * parser, guard or interceptor of the app), and closes the notifier when the app is closed. Options that cannot work stop the app with a `RequestError`.
 */
export const OmnicascadeModule = {
  forRoot: <const E extends readonly unknown[] = []>(options: NestOptions<E>): DynamicModule =>
    moduleOf({ useFactory: () => options }),
  forRootAsync: <const E extends readonly unknown[] = []>(options: NestAsyncOptions<E>): DynamicModule => moduleOf(options),
}

// Nest tells modules apart by a class, and prints its name.
const marker = class OmnicascadeModule {}
const optionsToken = Symbol('omnicascade.options')
const webhooksToken = Symbol('omnicascade.webhooks')

type AnyOptions = NestOptions<readonly unknown[]>

function moduleOf({ imports = [], inject = [], useFactory }: NestAsyncOptions<readonly unknown[]>): DynamicModule {
  const providers: FactoryProvider[] = [
    { provide: optionsToken, inject, useFactory },
    { provide: NOTIFIER, inject: [optionsToken], useFactory: ({ notifier }: AnyOptions) => notifier },
    { provide: webhooksToken, inject: [optionsToken, HttpAdapterHost], useFactory: live },
  ]
  return { module: marker, global: true, imports, providers, exports: [NOTIFIER] }
}

/** Mounts as soon as there is an HTTP adapter: Nest adds its body parsers later. A process without one has no webhooks. */
function live({ notifier, webhooks = [] }: AnyOptions, host: HttpAdapterHost): OnModuleInit & OnApplicationShutdown {
  for (const { path, source, ...options } of webhooks)
    checkOptions(`OmnicascadeModule, webhook ${path}`, options, source.verify !== undefined)
  let isMounted = false
  const mount = () => {
    if (isMounted || !host.httpAdapter) return
    isMounted = true
    for (const webhook of webhooks) mountOne(notifier, webhook, host.httpAdapter)
  }
  mount()
  // A testing module gets its adapter after its providers.
  host.init$?.subscribe(mount)
  return { onModuleInit: mount, onApplicationShutdown: () => notifier.close() }
}

function mountOne<E>(sink: ReceiptSink, webhook: NestWebhook<E>, adapter: HttpAdapterHost['httpAdapter']): void {
  const { path, source, ...options } = webhook
  const prefix = path.startsWith('/') ? path : `/${path}`
  if (adapter.getType() === 'express') adapter.all(prefix, expressWebhook(sink, source, options))
  else (adapter.getInstance() as FastifyInstance).register(fastifyWebhook(sink, source, options), { prefix })
}
