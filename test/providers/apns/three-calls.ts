// Sends three notifications and ends once all are answered: `node three-calls.ts <baseUrl> <key>`. Nothing but the calls keeps it alive.
import { apns } from '../../../src/providers/apns.ts'
import { pushFor } from '../../support/push.ts'

const [, , baseUrl, key] = process.argv as unknown as readonly [string, string, string, string]
const provider = apns({ key, keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', topic: 'org.example.shop', baseUrl })
const send = () => provider.send(pushFor({ text: 'Hi' }, 'a'.repeat(64)), { signal: new AbortController().signal })

const first = send()
await send()
// Apple has said by now that it takes no more on this connection: the third goes out on another.
await Promise.all([first, send()])
