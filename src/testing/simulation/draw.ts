import { millisecondsOf } from '../../contract/duration.ts'
import type { ReceiptSupport } from '../../contract/provider.ts'
import type { ScriptedCall, ScriptedReceipt } from '../script.ts'
import { accept, fail } from '../scripted-provider.ts'
import { normal } from './random.ts'
import { type Behaviour, type Delay, isSpread } from './scenario.ts'

/** What one call comes to, and when its message arrives, in milliseconds after the call; null if it never does. */
export interface Drawn {
  readonly call: ScriptedCall
  readonly arrivesAfter: number | null
}

// The 95th percentile of the normal distribution.
const z95 = 1.6448536269514722

/** Draws what a call comes to. Each behaviour draws as many numbers as any other, so that scenarios of one seed differ by what they say alone. */
export function draw(behaviour: Behaviour, support: ReceiptSupport, random: () => number): Drawn {
  const { down, accept: taken = 1, refuse = 'recipient', deliver = 1, silent = 0, read = 0 } = behaviour
  const [ofTaking, ofDelivery, ofSilence, ofReading] = [random(), random(), random(), random()]
  const answer = lengthOf(behaviour.answerAfter ?? 0, random)
  const toReceipt = lengthOf(behaviour.receiptAfter ?? 0, random)
  const toArrival = lengthOf(behaviour.arriveAfter ?? 0, random)
  const toReading = lengthOf(behaviour.readAfter ?? 0, random)
  const reply = down ? fail('transient', 'is down') : ofTaking < taken ? accept() : fail(refuse)
  const isTaken = !down && (ofTaking < taken || refuse === 'unknown')
  if (!isTaken) return { call: { reply, after: answer, receipts: [] }, arrivesAfter: null }
  const arrives = ofDelivery < deliver
  const arrivesAfter = behaviour.arriveAfter === undefined ? toReceipt : toArrival
  const receipts: ScriptedReceipt[] = []
  if (support !== 'none' && ofSilence >= silent) {
    const after = Math.max(toReceipt, arrives ? arrivesAfter : 0)
    if (!arrives) receipts.push({ status: 'failed', after })
    else if (support === 'full') receipts.push({ status: 'delivered', after })
    if (arrives && ofReading < read) receipts.push({ status: 'read', after: after + toReading })
  }
  return { call: { reply, after: answer, receipts }, arrivesAfter: arrives ? arrivesAfter : null }
}

/** One of the lengths that a delay may have, in whole milliseconds. */
export function lengthOf(delay: Delay, random: () => number): number {
  const [one, other] = [random(), random()]
  if (Array.isArray(delay)) return millisecondsOf(delay[Math.floor(one * delay.length)])!
  if (!isSpread(delay)) return millisecondsOf(delay)!
  const [p50, p95] = [Math.max(1, millisecondsOf(delay.p50)!), Math.max(1, millisecondsOf(delay.p95)!)]
  return Math.round(p50 * Math.exp((Math.log(p95 / p50) / z95) * normal(one, other)))
}
