import { notifications } from '../../../lib/notifications.ts'

export const POST = (request: Request): Promise<Response> => notifications().webhook(request)
