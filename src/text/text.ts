/** Text as channels count and mark it up. */
export {
  escapeHtml,
  escapeMarkdownV2,
  escapeMarkdownV2Url,
  escapeSlack,
  html,
  type Interpolation,
  markdownV2,
  type Raw,
  raw,
} from './escape.ts'
export { applySmsPolicy, countSegments, type SegmentCount, splitSegments } from './sms.ts'
export { transliterate } from './transliterate.ts'
