/** What the store needs of an `ioredis` client: a `Redis` (single node, or through Sentinel) or a `Cluster`, of version 5 or 6. */
export interface RedisClient {
  pipeline(commands: unknown[][]): { exec(): Promise<[error: Error | null, result: unknown][] | null> }
  duplicate(): RedisSubscriber
}

/** What the store needs of the duplicated client on which it listens. */
export interface RedisSubscriber {
  readonly status: string
  connect(): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  disconnect(): void
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: string, listener: () => void): unknown
}
