import { type Stage, smoke } from './smoke.ts'

// biome-ignore lint/style/noDefaultExport: it is what a worker is looked for at
export default {
  fetch: async (request: Request) => Response.json(await smoke((await request.json()) as Stage)),
}
