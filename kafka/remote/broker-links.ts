// The connections of one user (a reader, the producers, …) to the brokers: one a broker, opened when needed, replaced when lost.
import { StreamsError } from '../../core/errors.ts'
import { type Link, openLink } from './connection.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { exchange } from './exchange.ts'
import { FramePool } from './frame-pool.ts'
import type { Message } from './messages/message.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

interface Entry {
  readonly opening: Promise<Link>
  /** Undefined while it opens. */
  link: Link | undefined
}

export class BrokerLinks {
  /** Of large answers. */
  readonly frames = new FramePool()
  private readonly settings: ConnectionSettings
  private readonly entries = new Map<string, Entry>()
  private isClosed = false

  constructor(settings: ConnectionSettings) {
    this.settings = settings
  }

  /** One exchange; nothing is repeated here. @throws Retriable when the connection or its deadline fails. */
  async ask<Request, Answer>(
    broker: Address,
    message: Message<Request, Answer>,
    request: Request,
    timeoutMs?: number,
  ): Promise<Answer> {
    return exchange(await this.to(broker), message, request, timeoutMs)
  }

  /** Those who call one after the other get the same connection in that order. @throws Retriable when the broker cannot be reached. */
  to(broker: Address): Promise<Link> {
    if (this.isClosed) throw new StreamsError('cluster_closed', 'these connections are closed')
    const name = `${broker.host}:${broker.port}`
    const known = this.entries.get(name)
    if (known !== undefined && known.link?.isOpen !== false) return known.opening
    const entry: Entry = { opening: openLink(broker, this.settings, this.frames), link: undefined }
    this.entries.set(name, entry)
    entry.opening.then(
      (link) => this.keep(name, entry, link),
      () => this.forget(name, entry),
    )
    return entry.opening
  }

  /** Whoever asks this broker next gets a new connection; exchanges under way fail. */
  drop({ host, port }: Address): void {
    const name = `${host}:${port}`
    const entry = this.entries.get(name)
    this.entries.delete(name)
    entry?.link?.close()
  }

  /** At once: exchanges under way fail. */
  close(): void {
    this.isClosed = true
    for (const { link } of this.entries.values()) link?.close()
  }

  private keep(name: string, entry: Entry, link: Link): void {
    entry.link = link
    // It may have been dropped while it opened.
    if (this.isClosed || this.entries.get(name) !== entry) link.close()
  }

  private forget(name: string, entry: Entry): void {
    if (this.entries.get(name) === entry) this.entries.delete(name)
  }
}
