import type { Button } from '../contract/content.ts'

/** A text with a line for each button that the vendor has no place for: its words and its link. */
export function withButtons(text: string, buttons: readonly Button[]): string {
  return [...(text === '' ? [] : [text]), ...buttons.map(({ text, url }) => `${text}: ${url}`)].join('\n')
}
