// Mermaid blocks become SVG while the site is built, in the colours of its theme: nothing is left to draw for the reader's browser.
import { renderMermaidSVG } from 'beautiful-mermaid'
import type { MarkdownRenderer } from 'vitepress'

const colours = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  muted: 'var(--vp-c-text-2)',
  line: 'var(--vp-c-text-3)',
  surface: 'var(--vp-c-bg-soft)',
  border: 'var(--vp-c-border)',
  transparent: true,
  font: 'Inter', // what the theme brings
  padding: 16,
}

/** Draws a diagram, or throws where a label of it would be lost. */
function drawn(source: string): string {
  const svg = renderMermaidSVG(source, colours).replace(/^\s*@import .*$/gm, '') // the fonts of another host
  for (const [, label = ''] of source.matchAll(/"([^"]+)"/g)) {
    for (const line of label.split('<br/>')) {
      if (!svg.includes(line.replaceAll('&', '&amp;'))) throw new Error(`a diagram would lose "${line}"`)
    }
  }
  return svg
}

export function diagrams(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence!
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const { info, content } = tokens[index]!
    if (info.trim() !== 'mermaid') return fence(tokens, index, options, env, self)
    // As a value, for Vue takes no <style> in a template.
    return `<div class="diagram" v-html="${md.utils.escapeHtml(JSON.stringify(drawn(content)))}"></div>\n`
  }
}
