import { type Loopback, loopback, type Outbox, outbox, reply } from './loopback.ts'

/** How the twin behaves. */
export interface SendiosTwinOptions {
  readonly clientId: number
  readonly apiKey: string
  /** As it is set in the project's settings at Sendios, when an SMS is sent. */
  readonly webhookUrl: () => string
  /** Whether SMS are lost after they were sent. Default true. */
  readonly loses?: boolean
}

/** What the demo's app sends as the body of an SMS. The real one is not public: an account manager describes it. */
export interface SendiosSms {
  readonly project_id: number
  readonly template_id: number
  readonly client_user_id: string
  readonly phone: string
  readonly text: string
}

/** A twin that posts webhooks. */
export type WebhookTwin = Loopback & Pick<Outbox, 'answers'>

/** `v1/sms/send/system` of Sendios: queues at once, posts `sms_sent`, and then `sms_lost` if it went wrong. */
export async function sendiosTwin({ clientId, apiKey, webhookUrl, loses = true }: SendiosTwinOptions): Promise<WebhookTwin> {
  const { answers, post, close } = outbox()
  const authorization = `Basic ${btoa(`${clientId}:${apiKey}`)}`
  let lastSms = 1232

  const twin = await loopback(({ method, path, headers, body }, response) => {
    const answer = (status: number, data: object) =>
      reply(response, status, { _meta: { status: 'SUCCESS', time: 0, count: 1 }, data })
    if (headers.authorization !== authorization) return answer(401, { error: 'Authorization base64 data wrong or invalid' })
    if (method !== 'POST' || path !== '/v1/sms/send/system') return answer(404, { error: 'Not found' })
    answer(200, { queued: true, r_time: 0 })

    const sms_id = ++lastSms
    const event = (name: string) => webhookOf(name, body as SendiosSms, sms_id)
    post(webhookUrl(), event('sms_sent'), 200)
    if (loses) post(webhookUrl(), event('sms_lost'), 600)
  })
  return {
    ...twin,
    answers,
    close() {
      close()
      return twin.close()
    },
  }
}

/** An omnichannel event in the envelope that Sendios posts: numbered events, and a key `sign` that is none. */
function webhookOf(event: string, { client_user_id, project_id, template_id }: SendiosSms, sms_id: number): object {
  const ts = Math.floor(Date.now() / 1000)
  return {
    '0': { event, client_user_id, project_id, category_id: 1, template_id, sms_id, ts, omnichannel: 1, channel: 'sms' },
    sign: null,
  }
}
