import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to the server that can be cut. */
export interface CuttingProxy {
  readonly port: number
  /** Lets through the first `bytes` of the next answer, drops the rest and cuts the connection; resolves once it has. */
  cutNextAnswer(bytes?: number): Promise<void>
  /** Keeps connections waiting from now on, until the function it gives is called. */
  hold(): () => void
  close(): void
}

/** Starts a proxy to a server of loopback. */
export async function cuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let cut: { readonly bytes: number; readonly done: () => void } | undefined
  let open: Promise<void> | undefined

  const server = createServer(async (near) => {
    sockets.add(near.on('error', () => {}).on('close', () => sockets.delete(near)))
    await open
    const far = connect(target, '127.0.0.1')
    sockets.add(far.on('error', () => {}).on('close', () => sockets.delete(far)))
    near.on('data', (data) => far.write(data)).on('close', () => far.destroy())
    far.on('data', (data) => {
      if (cut === undefined) return near.write(data)
      const { bytes, done } = cut
      cut = undefined
      near.end(data.subarray(0, bytes))
      far.destroy()
      done()
    })
    far.on('close', () => near.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    cutNextAnswer: (bytes = 0) =>
      new Promise((done) => {
        cut = { bytes, done }
      }),
    hold() {
      let release = () => {}
      open = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
