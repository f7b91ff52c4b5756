// A worker: calls providers. Run as many as you need, on as many machines.
import { openNotifier } from './notifier.ts'
import { closeOnSignal, log } from './process.ts'

const { close } = await openNotifier({ callProviders: true })
log('ready')

closeOnSignal(close)
