/**
 * Whether a URL that came from outside may be called: https on its own port, a name rather than an address, and none that is known to lead inside. What a name resolves to
 * is not looked at.
 */
export function isPublicHttps(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.port !== '') return false
  return !isAddress(hostOf(url)) && isPublicName(hostOf(url))
}

/**
 * Whether whoever follows an http or https link comes to a host of the public internet: no name that is known to lead inside, no address that is private,
 * local or reserved (IANA's special-purpose registries), however it is written. What a name resolves to is not looked at.
 */
export function isPublicLink(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return false
  const host = hostOf(url)
  if (host.startsWith('[')) return isPublicV6(host.slice(1, -1))
  return isAddress(host) ? isPublicV4(host.split('.').map(Number)) : isPublicName(host)
}

/** Whether a URL's host is one of `names`, of which `*.example.org` stands for every name below it, and `*` for any. */
export function isAtHost(names: readonly string[], text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  const host = hostOf(url)
  return names.some((name) => name === '*' || (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name))
}

/** `URL` has made `0x7f.1`, `2130706433` and full-width digits the usual four numbers, and letters small. */
function hostOf({ hostname }: URL): string {
  let end = hostname.length
  while (hostname[end - 1] === '.') end--
  return hostname.slice(0, end)
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^[\d.]+$/.test(host)
}

const inside = /(^|\.)(local|localhost|localdomain|svc|internal|intranet|lan|home|corp|test|invalid|onion|home\.arpa)$/

function isPublicName(host: string): boolean {
  return host.includes('.') && !inside.test(host)
}

const reserved: readonly (readonly [network: number, bits: number])[] = [
  [0x00_00_00_00, 8], // this network
  [0x0a_00_00_00, 8], // private
  [0x64_40_00_00, 10], // carriers' own
  [0x7f_00_00_00, 8], // loopback
  [0xa9_fe_00_00, 16], // link-local, and the metadata of clouds
  [0xac_10_00_00, 12], // private
  [0xc0_00_00_00, 24], // IETF
  [0xc0_00_02_00, 24], // documentation
  [0xc0_58_63_00, 24], // relays of 6to4, given up
  [0xc0_a8_00_00, 16], // private
  [0xc6_12_00_00, 15], // benchmarks
  [0xc6_33_64_00, 24], // documentation
  [0xcb_00_71_00, 24], // documentation
  [0xe0_00_00_00, 3], // multicast, and what was never given out
]

function isPublicV4(parts: readonly number[]): boolean {
  const address = parts.reduce((number, part) => number * 256 + part, 0)
  return !reserved.some(([network, bits]) => Math.floor(address / 2 ** (32 - bits)) === network / 2 ** (32 - bits))
}

/** Global unicast alone, without documentation; an address of IPv4 inside one (6to4, NAT64, mapped) counts as that one. */
function isPublicV6(host: string): boolean {
  const groups = groupsOf(host)
  const [first = 0, second = 0] = groups
  const last = groups.slice(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  const isNat64 = first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
  if (isMapped || isNat64) return isPublicV4(bytesOf(last))
  if (first === 0x2002) return isPublicV4(bytesOf(groups.slice(1, 3)))
  const isDocumentation = (first === 0x2001 && second === 0xdb8) || (first === 0x3fff && second < 0x1000)
  return first >= 0x2000 && first < 0x4000 && !isDocumentation && !(first === 0x2001 && second < 0x200)
}

/** The eight groups of an address as `URL` writes it. */
function groupsOf(host: string): number[] {
  const [head = '', tail] = host.split('::')
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  if (tail === undefined) return numbers(head)
  const [before, after] = [numbers(head), numbers(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function bytesOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}
