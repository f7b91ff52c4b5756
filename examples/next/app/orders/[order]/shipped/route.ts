import { notifications } from '../../../../lib/notifications.ts'

/** Tells that an order has been shipped. */
export async function POST(_request: Request, { params }: { params: Promise<{ order: string }> }): Promise<Response> {
  const { order } = await params
  const text = `Order ${order} is on its way: https://shop.example/orders/${order}?utm_source=sms&utm_campaign=shipped`
  const { id } = await notifications().notifier.send({
    to: { phone: '+420777123456', email: 'ada@example.org' },
    content: { sms: { text }, email: { subject: 'On its way', text } },
    cascade: [{ channel: 'sms', within: '10m' }, 'email'],
    idempotencyKey: `order-${order}-shipped`,
  })
  return Response.json({ id }, { status: 202 })
}
