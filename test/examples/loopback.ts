// Preloaded into an example (`node --import`): its calls to vendors go to twins on this machine, everything else is as published.
const hosts = JSON.parse(process.env.TWINS ?? '{}') as Readonly<Record<string, string>>
const real = globalThis.fetch

globalThis.fetch = (input, init) => {
  const request = new Request(input, init)
  const { host, pathname, search } = new URL(request.url)
  const twin = hosts[host]
  if (twin === undefined) throw new TypeError(`no twin stands for ${host}`)
  return real(new Request(`${twin}${pathname}${search}`, request))
}
