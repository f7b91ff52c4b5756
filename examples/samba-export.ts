import { createSambaClient } from 'omnicascade/samba'

const samba = createSambaClient({
  trackpointId: process.env.SAMBA_TRACKPOINT ?? '',
  apiKey: process.env.SAMBA_API_KEY ?? '',
})

const yesterday = Date.now() - 24 * 60 * 60 * 1000
const counts = new Map<string, number>()

for await (const { smsEvent, source } of samba.exportSmsEvents({ from: yesterday })) {
  counts.set(smsEvent.status, (counts.get(smsEvent.status) ?? 0) + 1)
  if (smsEvent.status === 'UNDELIVERABLE' && source.type === 'one-off') {
    console.log(`user ${smsEvent.userId} did not get "${source.campaign.name}"`)
  }
}

console.log(Object.fromEntries(counts))
