import type { ChannelProvider, ProviderLimits, WebhookSource } from 'omnicascade'

/** An adapter, as the tables show it: it is made with options that could be anybody's, and asked what it declares. */
export interface Adapter {
  /** Its page below `docs/providers`, and unless `title` says otherwise the name of its factory. */
  readonly page: string
  readonly title?: string
  readonly provider: ChannelProvider
  readonly source?: Pick<WebhookSource, 'signature'>
  /** What could not be confirmed by what the vendor publishes; its page says more. */
  readonly unverified?: string
}

/** A table, row by row. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Everything that adapters declare. `link` makes a name of the adapter. */
export function fullTable(adapters: readonly Adapter[], link: (adapter: Adapter) => string): Table {
  return {
    head: ['provider', 'channels', 'receipts', 'idempotent', 'default limits', 'webhooks are known by', 'unverified'],
    rows: adapters.map((adapter) => [
      link(adapter),
      channelsOf(adapter.provider),
      receiptsOf(adapter.provider),
      adapter.provider.idempotent === true ? 'yes' : '',
      limitsOf(adapter.provider.limits),
      knownBy(adapter),
      adapter.unverified ?? '',
    ]),
  }
}

/** What whoever chooses among them wants to know first. */
export function shortTable(adapters: readonly Adapter[], link: (adapter: Adapter) => string): Table {
  return {
    head: ['provider', 'channels', 'receipts', 'silence for `within` means'],
    rows: adapters.map((adapter) => [
      link(adapter),
      channelsOf(adapter.provider),
      receiptsOf(adapter.provider),
      silenceOf(adapter.provider),
    ]),
  }
}

/** A table in Markdown. */
export function markdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A table for terminals, in columns as wide as what is in them. */
export function aligned({ head, rows }: Table): string {
  const plain = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('`', '')))
  const widths = head.map((_, column) => Math.max(...plain.map((cells) => cells[column]!.length)))
  return plain
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function channelsOf({ channels }: ChannelProvider): string {
  return channels.length === 9 ? 'all nine' : channels.join(', ')
}

function receiptsOf({ receipts, poll }: ChannelProvider): string {
  const kinds = typeof receipts === 'string' ? receipts : [...new Set(Object.values(receipts))].join(', ')
  return poll === undefined ? kinds : `${kinds}, polled`
}

function silenceOf({ receipts }: ChannelProvider): string {
  if (receipts === 'none') return '(acceptance settles the step)'
  if (receipts === 'failures') return 'delivered'
  return receipts === 'full' ? 'not delivered' : 'see its page'
}

function limitsOf({ rate, concurrency }: ProviderLimits = {}): string {
  return [rate && `${rate.count} in ${rate.per}`, concurrency && `${concurrency} at a time`].filter(Boolean).join(', ')
}

function knownBy({ provider, source }: Adapter): string {
  if (source === undefined) return provider.poll === undefined ? '' : '(polled)'
  return source.signature ?? 'a secret in the URL'
}
