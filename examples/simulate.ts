import { formatSimulation, type Scenario, simulate, simulationSvg } from 'omnicascade/testing'

const cascade = ['telegram', { channel: 'sms', within: '2m' }, 'email'] as const
const usual: Scenario = {
  telegram: { accept: 0.6, receipts: 'none' },
  sms: { accept: 0.98, deliver: 0.95, arriveAfter: '5s', receiptAfter: { p50: '8s', p95: '40s' }, price: 0.05 },
  email: { receipts: 'none', arriveAfter: '10s', price: 0.001 },
}
const badDay: Scenario = { ...usual, telegram: { down: true }, sms: { ...usual.sms, receiptAfter: '5m' } }

const results = {
  'as usual': await simulate(cascade, usual, { runs: 2000 }),
  'a bad day': await simulate(cascade, badDay, { runs: 2000 }),
}
console.log(formatSimulation(results))
export const picture = simulationSvg(results)
