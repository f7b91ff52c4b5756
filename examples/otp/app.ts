import express, { type ErrorRequestHandler, type Express } from 'express'
import { isOmnicascadeError } from 'omnicascade'
import { z } from 'zod'
import type { Asked, OneTimeCodes } from './one-time-codes.ts'

const person = z.object({ person: z.string().min(1).max(100) })
const again = z.object({ channel: z.enum(['telegram', 'sms', 'email']) })
const typed = z.object({ code: z.string().max(20) })

/** Adds the routes. Limit in front of them how often one address of the network may call: here it is one person's codes that are counted. */
export function addRoutes(app: Express, oneTimeCodes: OneTimeCodes): void {
  app.use('/codes', express.json())

  app.post('/codes', async (request, response) => {
    answer(response, await oneTimeCodes.ask(person.parse(request.body).person))
  })

  app.post('/codes/:id/again', async (request, response) => {
    answer(response, await oneTimeCodes.askAgain(request.params.id, again.parse(request.body).channel))
  })

  app.post('/codes/:id/check', (request, response) => {
    const verdict = oneTimeCodes.check(request.params.id, typed.parse(request.body).code.replace(/\D/g, ''))
    response.status(verdict === 'right' ? 200 : verdict === 'wrong' ? 403 : 410).json({ verdict })
  })

  app.use(answerError)
}

function answer(response: express.Response, asked: Asked | undefined | 'over'): void {
  if (asked === undefined) response.status(429).set('retry-after', '20').json({ error: 'too many codes' })
  else if (asked === 'over') response.status(410).json({ verdict: asked })
  else response.status(202).json({ id: asked.id, expiresAt: new Date(asked.expiresAt).toISOString() })
}

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const { statusCode } = error as { readonly statusCode?: unknown }
  if (error instanceof z.ZodError) response.status(400).json({ error: z.prettifyError(error) })
  else if (isOmnicascadeError(error)) response.status(error.code === 'invalid-request' ? 422 : 503).json({ error: error.code })
  // Express would log it, along with the body that it could not read: with the code, that is.
  else if (typeof statusCode === 'number' && statusCode < 500)
    response.status(statusCode).json({ error: 'the body cannot be read' })
  else next(error)
}
