import { EventEmitter } from 'eventemitter3'
import type { CascadeEvents, NotifierEvent, NotifierEvents, OperatorEvents, TimelineEntry } from '../contract/events.ts'
import type { NotificationRecord } from '../contract/record.ts'
import type { Telemetry } from '../contract/telemetry.ts'
import type { Clock } from '../contract/time.ts'

/** The notifier's events: typed for those who listen, and never a danger to the work that emits them. */
export interface Events {
  /** `*` hears them all. */
  on(type: keyof NotifierEvents | '*', listener: (event: never) => unknown): () => void
  timeline(record: NotificationRecord, entry: TimelineEntry): void
  operator<K extends keyof OperatorEvents>(type: K, event: OperatorEvents[K]): void
  /** Something failed in the background. Without a listener it is printed: silence would hide a bug. */
  error(error: unknown, id?: string): void
}

/** An emitter whose listeners cannot break what they listen to: what they throw becomes an `error` event. Telemetry is none: errors are still printed. */
export function createEvents(clock: Clock, telemetry?: Telemetry): Events {
  const emitter = new EventEmitter<Record<string, [NotifierEvent]>>()

  function emit(event: NotifierEvent, record?: NotificationRecord): void {
    emitter.emit(event.type, event)
    emitter.emit('*', event)
    tellTelemetry?.(event, record)
  }

  /** Each listener is guarded on its own, so that none keeps an event from the next. */
  function guard(listener: (event: never, record?: NotificationRecord) => unknown) {
    return (event: NotifierEvent, record?: NotificationRecord) => {
      const failed = (error: unknown) =>
        event.type === 'error' ? print(error) : events.error(error, 'id' in event ? event.id : undefined)
      try {
        const heard = listener(event as never, record)
        if (heard instanceof Promise) heard.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }

  function subscribe(name: string, listener: (event: never) => unknown): () => void {
    const guarded = guard(listener)
    emitter.on(name, guarded)
    return () => {
      emitter.off(name, guarded)
    }
  }

  const hasListener = (type: string) => emitter.listenerCount(type) + emitter.listenerCount('*') > 0
  const tellTelemetry = telemetry && guard((event, record) => telemetry.hear(event, record))
  const isHeard = (type: string) => telemetry !== undefined || hasListener(type)

  const events: Events = {
    on: subscribe,
    timeline(record, entry) {
      if (isHeard(entry.type)) emit({ ...entry, id: record.id } as CascadeEvents[keyof CascadeEvents] & NotifierEvent, record)
    },
    operator(type, event) {
      if (isHeard(type)) emit({ type, at: clock.now(), ...event } as unknown as NotifierEvent)
    },
    error(thrown, id) {
      const error = thrown instanceof Error ? thrown : new Error(`a ${typeof thrown} was thrown`)
      if (!hasListener('error')) print(error, id)
      emit({ type: 'error', at: clock.now(), error, ...(id !== undefined && { id }) })
    },
  }
  return events
}

function print(error: unknown, id?: string): void {
  console.error(id === undefined ? 'omnicascade:' : `omnicascade: notification ${id}:`, error)
}
