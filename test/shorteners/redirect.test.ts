// The route that each framework's docs show for short links, with links as people write them.
import type { RequestListener } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { memoryLinkStore, type StoreShortener, storeShortener } from 'omnicascade/shorteners/store'
import { describe, expect, test } from 'vitest'
import { onNode } from '../../examples/serve.ts'
import { call, express4, routed, serve } from '../http/support.ts'

const onExpress = (framework: typeof express) => (shortener: StoreShortener) =>
  framework().get('/s/:code', async (request, response) => {
    const url = await shortener.resolve(String(request.params.code))
    if (url === undefined) response.sendStatus(404)
    else response.redirect(url)
  })

const routes: readonly (readonly [string, (shortener: StoreShortener) => RequestListener | Promise<RequestListener>])[] = [
  ['Express 5', onExpress(express)],
  ['Express 4', onExpress(express4)],
  [
    'Fastify',
    (shortener) =>
      routed(
        fastify().get<{ Params: { code: string } }>('/s/:code', async ({ params }, reply) => {
          const url = await shortener.resolve(params.code)
          return url === undefined ? reply.code(404).send() : reply.redirect(url)
        }),
      ),
  ],
  [
    'Hono',
    (shortener) => {
      const app = new Hono().get('/s/:code', async (c) => {
        const url = await shortener.resolve(c.req.param('code'))
        return url === undefined ? c.notFound() : c.redirect(url)
      })
      return onNode((request) => app.fetch(request))
    },
  ],
  [
    'Next and Workers',
    (shortener) =>
      onNode(async (request) => {
        const url = await shortener.resolve(new URL(request.url).pathname.split('/')[2] ?? '')
        return url === undefined ? new Response(null, { status: 404 }) : Response.redirect(url)
      }),
  ],
  [
    'node:http',
    (shortener) => async (request, response) => {
      const url = await shortener.resolve(request.url?.split('/')[2] ?? '')
      response.writeHead(url === undefined ? 404 : 302, url === undefined ? {} : { location: url }).end()
    },
  ],
]

describe.each(routes)('a short link on %s', (_, route) => {
  test.each([
    ['https://shop.example/orders/7?utm_source=sms&a=%20b#top', 'https://shop.example/orders/7?utm_source=sms&a=%20b#top'],
    ['https://магазин.example/замовлення/7?назва=Ада', undefined],
    ['https://shop.example/ready/\u{1f4e6}', undefined],
  ])('to %s leads there', async (url, location = new URL(url).href) => {
    const shortener = storeShortener({ baseUrl: 'https://s.example/s', store: memoryLinkStore() })
    const context = { channel: 'sms', notificationId: 'n1', dryRun: false, signal: AbortSignal.timeout(5000) } as const
    const path = new URL(await shortener(url, context)).pathname
    const port = await serve(await route(shortener))
    const answer = await call(port, { method: 'GET', path })
    expect([answer.status, answer.headers.location]).toEqual([302, location])
    expect((await call(port, { method: 'GET', path: '/s/unknown1' })).status).toBe(404)
  })
})
