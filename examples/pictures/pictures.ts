import { stripVTControlCharacters } from 'node:util'
import { formatExplanation, terminalTimeline, timelineSvg } from 'omnicascade/pictures'
import { tellAll, tellPlan } from './stories.ts'

/** The pictures of the README, by name. */
export async function pictures(): Promise<Readonly<Record<string, string>>> {
  const { fallback } = await tellAll()
  return {
    timeline: timelineSvg(fallback),
    terminal: terminalSvg('console.log(terminalTimeline(record))', terminalTimeline(fallback, { colour: true })),
    plan: terminalSvg('console.log(formatExplanation(await notifier.explain(request)))', formatExplanation(await tellPlan())),
  }
}

const colours: Readonly<Record<string, string>> = {
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  2: '#8b949e',
  1: '#f0f6fc;font-weight:bold',
}

/** A terminal that shows what was printed, colours included. */
function terminalSvg(command: string, printed: string): string {
  const lines = [`\u001b[2m> ${command}\u001b[22m`, ...printed.split('\n')]
  const longest = Math.max(...lines.map((line) => [...stripVTControlCharacters(line)].length))
  const width = Math.ceil(longest * 7.9) + 40
  const height = lines.length * 20 + 32
  const rows = lines.map((line, row) => {
    const shade = line.startsWith('\u001b[') ? Number.parseInt(line.slice(2), 10) : 0
    const text = stripVTControlCharacters(line).replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    return `<text x="20" y="${row * 20 + 34}" xml:space="preserve" style="fill:${colours[shade] ?? '#c9d1d9'}">${text}</text>`
  })
  const font = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${font}" font-size="13">`,
    `<rect width="${width}" height="${height}" rx="8" style="fill:#0d1117"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}
