import { formatTimeline } from 'omnicascade'
import { notifications } from '../../../lib/notifications.ts'

export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const record = await notifications().notifier.get((await params).id)
  return record === undefined ? new Response(null, { status: 404 }) : new Response(formatTimeline(record))
}
