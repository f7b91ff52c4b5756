import { type Loopback, loopback, reply } from './loopback.ts'

/** How the twin behaves. */
export interface TelegramTwinOptions {
  readonly token: string
  /** Chats whose owners have blocked the bot. */
  readonly blocked?: readonly number[]
}

/** `sendMessage` of Telegram's Bot API, with the error bodies that Telegram itself gives. */
export function telegramTwin({ token, blocked = [] }: TelegramTwinOptions): Promise<Loopback> {
  let lastMessage = 0
  return loopback(({ path, body }, response) => {
    const refuse = (error_code: number, description: string) =>
      reply(response, error_code, { ok: false, error_code, description })
    if (!path.startsWith(`/bot${token}/`)) return refuse(401, 'Unauthorized')
    if (path !== `/bot${token}/sendMessage`) return refuse(404, 'Not Found')

    const { chat_id, text } = body as { chat_id?: unknown; text?: unknown }
    if (typeof chat_id !== 'number') return refuse(400, 'Bad Request: chat not found')
    if (typeof text !== 'string' || text.trim() === '') return refuse(400, 'Bad Request: message text is empty')
    if (blocked.includes(chat_id)) return refuse(403, 'Forbidden: bot was blocked by the user')

    const message_id = ++lastMessage
    const date = Math.floor(Date.now() / 1000)
    reply(response, 200, { ok: true, result: { message_id, chat: { id: chat_id, type: 'private' }, date, text } })
  })
}
