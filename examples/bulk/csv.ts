/**
 * The records of a CSV text, as RFC 4180 has them: quoted fields may hold commas, line ends and doubled quotes. CRLF, LF and CR end a line, a byte
 * order mark is skipped, and so are empty lines. Throws an error with the line's number where a quote does not end, or does not end its field.
 */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[], void, undefined> {
  let record: string[] = []
  let field = ''
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  let before = ''
  let line = 1

  function endRecord(): readonly string[] {
    const ended = [...record, field]
    record = []
    field = ''
    state = 'start'
    return ended
  }

  for await (const chunk of chunks) {
    for (const char of chunk) {
      const isFirst = before === ''
      const isLineEnd = char === '\r' || char === '\n'
      const isSecondHalf = char === '\n' && before === '\r'
      before = char
      if (isFirst && char === '\uFEFF') continue
      if (isLineEnd && !isSecondHalf) line++
      if (state === 'quoted') {
        if (char === '"') state = 'closed'
        else field += char
      } else if (char === '"' && state !== 'plain') {
        // The second quote of two stands for one.
        if (state === 'closed') field += char
        state = 'quoted'
      } else if (char === ',') {
        record.push(field)
        field = ''
        state = 'start'
      } else if (isLineEnd) {
        if (isSecondHalf) continue
        if (record.length > 0 || state !== 'start') yield endRecord()
      } else if (state === 'closed') {
        throw new Error(`line ${line}: there is text after the quote that ends a field`)
      } else {
        field += char
        state = 'plain'
      }
    }
  }
  if (state === 'quoted') throw new Error(`line ${line}: the file ends within a quoted field`)
  if (record.length > 0 || state !== 'start') yield endRecord()
}

/** One line of CSV, its end included. */
export function csvLine(fields: readonly (string | number)[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(String(field)) ? `"${String(field).replaceAll('"', '""')}"` : field)).join(',')}\r\n`
}
