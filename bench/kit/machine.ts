import { cpus, totalmem } from 'node:os'

/** What figures were measured on. Names no host and no path. */
export interface Machine {
  readonly date: string
  readonly node: string
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
}

/** Looks at the machine. */
export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
  }
}

/** What a reader has to know of the machine, in a line. */
export function machineLine({ date, node, cores, cpu, memoryGb }: Machine): string {
  return `${date}, Node ${node}, ${cores} cores (${cpu}), ${memoryGb} GB`
}
