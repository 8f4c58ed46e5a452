// Connections for requests that may wait long at the broker, such as joining a group: each has one to itself while it waits.
import type { Address } from './broker-links.ts'
import { type Link, openLink } from './connection.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { Asker } from './coordinators.ts'
import { exchange } from './exchange.ts'
import type { Message } from './messages/message.ts'

/** More than that and a broker are closed when they come back. */
const idleMax = 4

export class LeasedLinks implements Asker {
  private readonly settings: ConnectionSettings
  private readonly idle = new Map<string, Link[]>()
  private readonly leased = new Set<Link>()
  private isClosed = false

  constructor(settings: ConnectionSettings) {
    this.settings = settings
  }

  async ask<Request, Answer>(
    broker: Address,
    message: Message<Request, Answer>,
    request: Request,
    timeoutMs?: number,
  ): Promise<Answer> {
    const name = `${broker.host}:${broker.port}`
    const link = this.takeIdle(name) ?? (await openLink(broker, this.settings))
    if (this.isClosed) link.close()
    this.leased.add(link)
    try {
      return await exchange(link, message, request, timeoutMs)
    } finally {
      this.leased.delete(link)
      this.putBack(name, link)
    }
  }

  /** At once: exchanges under way fail. */
  close(): void {
    this.isClosed = true
    for (const link of [...this.leased, ...[...this.idle.values()].flat()]) link.close()
  }

  private takeIdle(name: string): Link | undefined {
    const links = this.idle.get(name) ?? []
    for (let link = links.pop(); link !== undefined; link = links.pop()) if (link.isOpen) return link
    return undefined
  }

  private putBack(name: string, link: Link): void {
    const links = this.idle.get(name) ?? []
    if (!link.isOpen) return
    if (this.isClosed || links.length >= idleMax) link.close()
    else this.idle.set(name, [...links, link])
  }
}
