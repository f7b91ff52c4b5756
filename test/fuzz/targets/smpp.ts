import { eventOf, receiptOf, suppressionOf } from '../../../src/providers/smpp/deliver.ts'
import { commandReader } from '../../../src/wire/commands.ts'
import { checkReceipt, checkSuppression } from '../promises.ts'
import { ensure, type Target } from '../target.ts'
import { noon } from './webhook.ts'

const commandIn = commandReader({})

/** What an SMSC delivers: receipts (SMPP 3.4, appendix B) in its text and in its TLVs, and inbound messages. */
export const smppTargets: readonly Target[] = [
  {
    name: 'smpp: deliver_sm',
    corpus: [
      'id:0123456789 sub:001 dlvrd:001 submit date:2511251200 done date:2511251201 stat:DELIVRD err:000 text:Your order',
      'id:7F3A sub:001 dlvrd:000 submit date:2511251200 done date:2511251201 stat:UNDELIV err:01B Text:',
      'id:18446744073709551615 stat:REJECTD err:99',
      'STOP',
      'Hello, is anybody there?',
    ],
    call(input, random) {
      const text = Buffer.from(input).toString(random.pick(['utf8', 'latin1', 'utf16le']))
      const bases = ['decimal', 'hex'] as const
      const ids = random.chance(0.5) ? { answers: random.pick(bases), receipts: random.pick(bases) } : undefined
      const pdu = {
        command: 'deliver_sm',
        command_status: 0,
        esm_class: random.pick([0, 4, 4, 4, 0x20, 0x40, 0xff]),
        data_coding: random.pick([0, 1, 3, 8, 0xf0]),
        source_addr: random.chance(0.7) ? '420777123456' : text.slice(0, 21),
        destination_addr: '7070',
        ...(random.chance(0.8) ? { short_message: { message: text } } : { message_payload: { message: text } }),
        ...(random.chance(0.2) && { receipted_message_id: text.slice(0, 65) }),
        ...(random.chance(0.2) && { message_state: random.below(12) }),
        ...(random.chance(0.2) && { network_error_code: Uint8Array.from(input.subarray(0, 3)) }),
        isResponse: () => false,
        response: () => pdu,
      } as never
      const event = eventOf(pdu, { ids, commandIn, now: noon })
      const receipt = receiptOf('smpp', event)
      const suppression = suppressionOf('smpp', event)
      if (receipt) checkReceipt(receipt, 'smpp')
      if (suppression) checkSuppression(suppression, 'smpp')
      ensure(event.event !== 'receipt' || event.id !== '', 'a receipt is of no message')
      return event.event !== 'unknown'
    },
  },
]
