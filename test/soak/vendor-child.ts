// The process of one vendor: what it is to do comes as a message, and its evidence goes back as one.
import { fastClock } from '../crash/clock.ts'
import { openVendor, type Vendor, type VendorEvidence, type VendorOptions } from './vendor.ts'

/** What the parent sends. */
export type VendorOrder =
  | ({ readonly type: 'open'; readonly start: number } & Omit<VendorOptions, 'now' | 'sign'>)
  | { readonly type: 'status' }
  | { readonly type: 'evidence' }
  | { readonly type: 'close' }

/** What a vendor's process answers, to each order. */
export type VendorWord =
  | { readonly type: 'open'; readonly port: number; readonly publicKey: string }
  | { readonly type: 'status'; readonly pending: number; readonly isDown: boolean }
  | { readonly type: 'evidence'; readonly evidence: VendorEvidence }
  | { readonly type: 'close' }

let vendor: Vendor | undefined

async function obey(order: VendorOrder): Promise<VendorWord> {
  if (order.type === 'open') {
    const { publicKey, sign } = order.vendor === 'sendgrid' ? await sendgridSignature() : noSignature
    const { now } = fastClock({ start: order.start, factor: order.factor, leap: 0 })
    vendor = await openVendor({ ...order, now, sign })
    return { type: 'open', port: vendor.port, publicKey }
  }
  if (vendor === undefined) throw new Error('the vendor is not open')
  if (order.type === 'status') return { type: 'status', pending: vendor.pending, isDown: vendor.isDown }
  if (order.type === 'evidence') return { type: 'evidence', evidence: vendor.evidence() }
  await vendor.close()
  return { type: 'close' }
}

const noSignature = { publicKey: '', sign: async () => ({}) }

/** Loaded by the one that signs: it takes a while. */
async function sendgridSignature() {
  const { sendgridKeys, signSendGridWebhook } = await import('omnicascade/testing')
  const { publicKey, privateKey } = await sendgridKeys()
  const sign: VendorOptions['sign'] = async (body, at) => (await signSendGridWebhook({ privateKey, body, at })).headers ?? {}
  return { publicKey, sign }
}

process.on('message', (order: VendorOrder) => {
  void obey(order).then((word) => process.send?.(word))
})
// Without its parent it is nothing.
process.on('disconnect', () => process.exit())
