import { csvLine } from './csv.ts'

const names = ['Ada', 'Grace', 'Hedy', 'Joan "Jo" Clarke', 'Lovelace, Ada', 'Žofie']

/** A file as a spreadsheet saves it: with a byte order mark, with quotes, with a few people who cannot be reached. */
export function sampleCustomers(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const phone = index % 10 === 3 ? '' : index % 50 === 7 ? '777 123' : `+42077710${String(index).padStart(4, '0')}`
    const email = index % 20 === 3 ? '' : `customer-${index}@example.org`
    return csvLine([`c${index}`, names[index % names.length] ?? '', phone, email])
  })
  return `\uFEFF${csvLine(['id', 'name', 'phone', 'email'])}${lines.join('')}`
}
