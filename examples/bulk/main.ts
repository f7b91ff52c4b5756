// npm run example:bulk [-- customers.csv]: tells everybody in a CSV file. Ctrl-C stops it, and each run goes on where the last one ended.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createNotifier } from 'omnicascade'
import { priceList } from 'omnicascade/cost'
import { smtp } from 'omnicascade/providers/smtp'
import { twin } from 'omnicascade/providers/twin'
import { sqlite } from 'omnicascade/stores/sqlite'
import { progressBar } from '../demo/screen.ts'
import { mailTwin } from '../demo/twins/mail.ts'
import { twinTwin } from '../demo/twins/twin.ts'
import { sale, sendAll, writeResults } from './bulk.ts'
import { countCustomers } from './customers.ts'
import { sampleCustomers } from './sample.ts'

const { TWIN_EMAIL = 'shop@example.org', TWIN_PASSWORD, TWIN_RATE = '50', TWIN_URL, SMTP_URL = '' } = process.env
const [file = 'bulk-demo/customers.csv'] = process.argv.slice(2)
const path = file.replace(/\.csv$/i, '')

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

if (process.argv.length === 2 && !existsSync(file)) {
  await mkdir('bulk-demo', { recursive: true })
  await writeFile(file, sampleCustomers(500))
}

// Without an account, twins on this machine.
const isDemo = TWIN_PASSWORD === undefined
const [vendor, mail] = isDemo ? [await twinTwin({ email: TWIN_EMAIL, password: 'demo' }), await mailTwin()] : []
const baseUrl = vendor?.baseUrl ?? TWIN_URL

const notifier = createNotifier({
  providers: [
    twin({
      email: TWIN_EMAIL,
      password: TWIN_PASSWORD ?? 'demo',
      ...(baseUrl !== undefined && { baseUrl }),
      // What your contract allows.
      limits: { rate: { count: Number(TWIN_RATE), per: '1s' } },
    }),
    smtp({ url: mail?.url ?? SMTP_URL, from: 'Shop <shop@example.org>' }),
  ],
  prices: { twin: priceList({ currency: 'EUR', sms: { '+420': 0.0412, '+': 0.09 } }) },
  store: sqlite(`${path}.db`),
  templates: [sale],
})

try {
  const rows = await countCustomers(file)
  console.log(
    `${rows.toLocaleString('en')} rows in ${file}, ${isDemo ? 'to twins of TWIN and a mail server' : 'to your vendors'}`,
  )
  const bulk = (words: string) => {
    const draw = progressBar(process.stdout, rows)
    return {
      notifier,
      file,
      campaign: basename(path),
      signal: stop.signal,
      onProgress: (done: number) => draw(done, `${done.toLocaleString('en')} ${words}`),
    }
  }
  const taken = await sendAll(bulk('sent'))
  await writeResults(bulk('settled'), taken, `${path}.results.csv`)
  console.log(`What became of each is in ${path}.results.csv`)
} catch (error) {
  console.error(stop.signal.aborted ? '\nStopped. Run it again to go on.' : error instanceof Error ? error.message : error)
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  // Waits for the calls under way, so that nobody is left in doubt.
  await notifier.close()
  await vendor?.close()
  await mail?.close()
}
