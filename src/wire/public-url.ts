/**
 * Whether a URL that came from outside may be called: https on its own port, a name rather than an address, and none that is known to lead inside. What a name resolves to
 * is not looked at.
 */
export function isPublicHttps(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.port !== '') return false
  const host = url.hostname.replace(/\.$/, '')
  const isAddress = host.startsWith('[') || /^[\d.]+$/.test(host)
  return (
    !isAddress &&
    host.includes('.') &&
    !/\.(local|localhost|localdomain|svc|internal|intranet|lan|home|corp|test|invalid|onion|home\.arpa)$/.test(host)
  )
}
