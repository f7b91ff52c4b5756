import { notifications } from '../../../lib/notifications.ts'

export async function GET(_request: Request, { params }: { params: Promise<{ code: string }> }): Promise<Response> {
  const long = await notifications().shortener.resolve((await params).code)
  return long === undefined ? new Response(null, { status: 404 }) : Response.redirect(long)
}
