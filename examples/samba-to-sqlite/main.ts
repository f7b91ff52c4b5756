// npm run example:samba-to-sqlite: Samba's SMS events in a SQLite table. Ctrl-C stops it, and each run goes on where the last one ended.
import { DatabaseSync } from 'node:sqlite'
import { createSambaClient } from 'omnicascade/samba'
import { progressBar } from '../demo/screen.ts'
import { sambaTwin } from '../demo/twins/samba.ts'
import { createTables, cursorOf, exportSmsEvents } from './export.ts'

const { SAMBA_TRACKPOINT = '4541245641234564', SAMBA_API_KEY, SAMBA_URL, DATABASE = 'samba-events.db' } = process.env

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

// Without an account, a twin on this machine: an event every minute for as long as anyone can remember.
const twin =
  SAMBA_API_KEY === undefined ? await sambaTwin({ trackpointId: SAMBA_TRACKPOINT, apiKey: 'demo-key', every: 60_000 }) : undefined
const baseUrl = twin?.baseUrl ?? SAMBA_URL
const samba = createSambaClient({
  trackpointId: SAMBA_TRACKPOINT,
  apiKey: SAMBA_API_KEY ?? 'demo-key',
  ...(baseUrl !== undefined && { baseUrl }),
})

const db = new DatabaseSync(DATABASE, { timeout: 5000 })
createTables(db)
const cursor = cursorOf(db, SAMBA_TRACKPOINT)
console.log(`${twin ? 'A twin of Samba' : 'Samba'} → ${DATABASE}, ${cursor ? `from ${timeOf(cursor)} on` : 'from the beginning'}`)
if (cursor !== undefined && Date.now() - cursor > 90 * 86_400_000) console.warn('Samba keeps 90 days: what came before is lost.')

const draw = progressBar(process.stdout, 1)
try {
  const { added } = await exportSmsEvents({
    samba,
    db,
    trackpoint: SAMBA_TRACKPOINT,
    to: Date.now(),
    signal: stop.signal,
    onProgress: ({ part, read }) => draw(part, `${read.toLocaleString('en')} events`),
  })
  console.log(`${added.toLocaleString('en')} new events. By status and campaign, now:`)
  console.table(db.prepare('select status, campaign, count(*) as events from sms_events group by 1, 2 order by 3 desc').all())
} catch (error) {
  console.error(stop.signal.aborted ? '\nStopped. Run it again to go on.' : error)
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  db.close()
  await twin?.close()
}

function timeOf(moment: number): string {
  return new Date(moment).toISOString()
}
