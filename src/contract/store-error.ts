import { OmnicascadeError } from './errors.ts'

/**
 * - `unavailable`: not reached, or the connection was lost, also in the middle of a write: whether that was stored is not known
 * - `locked`: another process held it for too long
 * - `full`: no room on the disk, or no memory left
 * - `readonly`: it may not be written to
 * - `corrupt`: what was read is damaged
 * - `schema`: its tables are missing, or those of another version
 * - `conflict`: the database refused to serialise the transaction, again and again
 * - `evicting`: it is set to throw records away when memory is short
 * - `refused`: anything else; `engineCode` says what
 *
 * Whatever it is but `unavailable`: nothing was stored.
 */
export type StoreFault =
  | 'unavailable'
  | 'locked'
  | 'full'
  | 'readonly'
  | 'corrupt'
  | 'schema'
  | 'conflict'
  | 'evicting'
  | 'refused'

/** A store could not do what it was asked. Its message holds nothing of what was to be stored, and no address. */
export class StoreError extends OmnicascadeError {
  override readonly name = 'StoreError'
  /** `sqlite`, `postgres`, `redis`, … */
  readonly engine: string
  readonly fault: StoreFault
  /** The engine's own code, such as `SQLITE_FULL` or `40001`. */
  readonly engineCode: string | undefined

  constructor(engine: string, fault: StoreFault, message: string, engineCode?: string) {
    super(`store-${fault}`, `${engine}: ${message}`)
    this.engine = engine
    this.fault = fault
    this.engineCode = engineCode
  }
}
