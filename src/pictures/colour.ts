/** The colours of a line in a terminal, as the codes that begin and end them. */
const codes = { good: [32, 39], bad: [31, 39], warn: [33, 39], dim: [2, 22], bold: [1, 22] } as const

/** A colour by what it means; each line says the same in words. */
export type Shade = keyof typeof codes

/** The text in a colour. */
export function shaded(shade: Shade, text: string): string {
  const [begin, end] = codes[shade]
  return `\u001b[${begin}m${text}\u001b[${end}m`
}

interface Terminal {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly stdout?: { readonly isTTY?: boolean }
}

/** Whether standard output takes colours: it is a terminal, and neither NO_COLOR (https://no-color.org) nor FORCE_COLOR says otherwise. */
export function takesColour(): boolean {
  const { env = {}, stdout } = (globalThis as { process?: Terminal }).process ?? {}
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return stdout?.isTTY === true && env.TERM !== 'dumb'
}
