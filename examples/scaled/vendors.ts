import { type Loopback, loopback, outbox, reply } from '../demo/twins/loopback.ts'

/** A message that TWIN has taken and not reported on yet. */
interface Taken {
  readonly id: string
  readonly phone: string
  readonly callbackUrl: string
  readonly callbackData: string
}

/** TWIN on loopback. It takes SMS, and keeps what became of them to itself until it is told to report. */
export interface SmsVendor extends Loopback {
  /** The numbers that SMS were taken for. */
  readonly phones: readonly string[]
  /** Posts what became of the SMS that it has taken, and from now on of each as soon as it is taken. Those to numbers that end in 0 are lost. */
  report(): void
  /** What the reports were answered. */
  answers(): Promise<readonly number[]>
}

/** Opens TWIN. `reach` makes of the app's public address the one on this machine, as a load balancer would. */
export async function smsVendor(login: { email: string; password: string }, reach: (url: string) => string): Promise<SmsVendor> {
  const { answers, post, close } = outbox()
  const phones: string[] = []
  let waiting: Taken[] = []
  let isHeld = true

  function report(): void {
    isHeld = false
    for (const { id, phone, callbackUrl, callbackData } of waiting) {
      const newStatus = phone.endsWith('0') ? 'UNDELIVERED' : 'DELIVERED'
      post(reach(callbackUrl), { id, callbackData, oldStatus: 'PENDING', newStatus }, 100)
    }
    waiting = []
  }

  const twin = await loopback(({ path, headers, body }, response) => {
    if (path === '/api/v1/auth/login') {
      const { email, password } = body as { email?: unknown; password?: unknown }
      if (email !== login.email || password !== login.password) return reply(response, 401, { error: 'Wrong email or password.' })
      return reply(response, 200, { token: 'demo-token', refreshToken: 'demo-refresh' })
    }
    if (headers.authorization !== 'Bearer demo-token') return reply(response, 401, { error: 'Token is expired.' })
    const { messages } = body as {
      messages: readonly (Taken & { readonly destinations: readonly [{ readonly phone: string }] })[]
    }
    const taken = messages.map(({ destinations: [{ phone }], callbackUrl, callbackData }) => {
      return { id: crypto.randomUUID(), phone, callbackUrl, callbackData }
    })
    phones.push(...taken.map(({ phone }) => phone))
    waiting.push(...taken)
    reply(
      response,
      200,
      taken.map(({ id }) => ({ id, status: 'PENDING', channel: 'SMS', error: null })),
    )
    if (!isHeld) report()
  })

  return {
    ...twin,
    phones,
    report,
    answers,
    close() {
      close()
      return twin.close()
    },
  }
}
