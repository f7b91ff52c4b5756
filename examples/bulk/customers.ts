import { createReadStream } from 'node:fs'
import { csvRecords } from './csv.ts'

const columns = ['id', 'name', 'phone', 'email'] as const

/** One row of the customers' file. Empty fields are left out. */
export interface Customer {
  /** From 1, without the header. */
  readonly row: number
  readonly id: string
  readonly name: string
  readonly phone?: string
  readonly email?: string
}

/** Reads `id,name,phone,email`, in any order and among others. Throws an error that says what the file lacks. */
export async function* readCustomers(file: string): AsyncGenerator<Customer, void, undefined> {
  let header: readonly string[] | undefined
  let row = 0
  for await (const fields of csvRecords(createReadStream(file, 'utf8'))) {
    if (header === undefined) {
      const missing = columns.filter((name) => !fields.includes(name))
      if (missing.length > 0) throw new Error(`${file}: its first line lacks the columns ${missing.join(', ')}`)
      header = fields
      continue
    }
    row++
    const { length } = header
    if (fields.length !== length) throw new Error(`${file}: row ${row} has ${fields.length} fields, its header ${length}`)
    const [id = '', name = '', phone, email] = columns.map((name) => fields[header!.indexOf(name)])
    if (id === '') throw new Error(`${file}: row ${row} has no id`)
    yield { row, id, name, ...(phone && { phone }), ...(email && { email }) }
  }
}

/** Reads the whole file once, so that nothing is sent from one that breaks off half-way; gives its rows. */
export async function countCustomers(file: string): Promise<number> {
  let rows = 0
  for await (const customer of readCustomers(file)) rows = customer.row
  return rows
}
