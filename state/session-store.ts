// A store of sessions by key, typed: all sessions of a key in one value, so that one read finds whatever a record may merge with.
//
//   value   │ count │ start │ length │ value length │ value bytes │ start … │        varints; ordered by start
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
import type { Serde } from '../serdes/serde.ts'
import type { StoreBytes } from './store-bytes.ts'

export interface Session<V> {
  readonly start: number
  readonly end: number
  readonly value: V
}

/** All sessions of a key in one value, ordered by start. */
export interface SessionStore<K, V> {
  load(keys: readonly K[]): Promise<void> | undefined
  get(key: K): readonly Session<V>[]
  /** Replaces all sessions of the key; none deletes it. */
  put(key: K, sessions: readonly Session<V>[]): void
  scan(visit: (key: K, sessions: readonly Session<V>[]) => void): Promise<void>
}

export class SessionBytesStore<K, V> implements SessionStore<K, V> {
  private readonly bytes: StoreBytes
  private readonly keys: Serde<K>
  private readonly values: Serde<V>
  /** One session's value, encoded to learn its length. */
  private readonly sessionValue = new ByteWriter(256)

  constructor(bytes: StoreBytes, keys: Serde<K>, values: Serde<V>) {
    this.bytes = bytes
    this.keys = keys
    this.values = values
  }

  load(keys: readonly K[]): Promise<void> | undefined {
    return this.bytes.load(keys.length, (i, to) => this.keys.write(keys[i] as K, to))
  }

  get(key: K): readonly Session<V>[] {
    const { bytes } = this
    this.writeKey(key)
    return bytes.find() ? this.readSessions(bytes.valueBuffer, bytes.valueStart, bytes.valueEnd) : []
  }

  put(key: K, sessions: readonly Session<V>[]): void {
    this.writeKey(key)
    this.writeSessions(sessions, this.bytes.value)
    if (sessions.length === 0) this.bytes.delete()
    else this.bytes.put()
  }

  scan(visit: (key: K, sessions: readonly Session<V>[]) => void): Promise<void> {
    return this.bytes.scan((key, value) => {
      visit(this.keys.read(key, 0, key.length), this.readSessions(value, 0, value.length))
    })
  }

  private writeSessions(sessions: readonly Session<V>[], to: ByteWriter): void {
    to.reset()
    to.varint(sessions.length)
    for (const { start, end, value } of sessions) {
      this.sessionValue.reset()
      this.values.write(value, this.sessionValue)
      to.varint(start)
      to.varint(end - start)
      to.varint(this.sessionValue.position)
      to.bytes(this.sessionValue.buffer, 0, this.sessionValue.position)
    }
  }

  private readSessions(buffer: Buffer, from: number, to: number): readonly Session<V>[] {
    const reader = new ByteReader(buffer, from, to)
    const sessions: Session<V>[] = []
    for (let count = reader.varint(); count > 0; count--) {
      const start = reader.varint()
      const end = start + reader.varint()
      const length = reader.varint()
      sessions.push({ start, end, value: this.values.read(buffer, reader.position, reader.position + length) })
      reader.position += length
    }
    return sessions
  }

  private writeKey(key: K): void {
    this.bytes.key.reset()
    this.keys.write(key, this.bytes.key)
  }
}
