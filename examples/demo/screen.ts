/** Where the demo prints: a terminal, a pipe, or a test. */
export interface Screen {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

/** Prints one line. */
export function line(screen: Screen, text = ''): void {
  screen.write(`${text}\n`)
}

/** A progress bar: redrawn in place on a terminal, a line at each quarter elsewhere. `words` stand beside it: how many events, by default. */
export function progressBar(screen: Screen, total: number): (done: number, words?: string) => void {
  const width = 40
  let drawn = -1
  return (done, words = `${done.toLocaleString('en')} events`) => {
    const percent = total > 0 ? Math.floor((done / total) * 100) : 100
    const step = screen.isTTY ? percent : Math.floor(percent / 25) * 25
    if (step === drawn) return
    drawn = step
    const full = Math.floor((step / 100) * width)
    const bar = `  [${'='.repeat(full)}${' '.repeat(width - full)}] ${String(step).padStart(3)} %  ${words}`
    screen.write(screen.isTTY ? `\r${bar}${step === 100 ? '\n' : ''}` : `${bar}\n`)
  }
}
