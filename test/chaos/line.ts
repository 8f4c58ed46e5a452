// A line to a service that can be cut as a network does it: nobody is told, bytes only stop coming. It can be led to another server, too.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Line {
  private readonly server: Server
  private readonly pairs = new Set<readonly [Socket, Socket]>()
  private target: number
  private isCut: (connection: number) => boolean = () => false
  private accepted = 0

  private constructor(target: number) {
    this.target = target
    this.server = createServer((client) => this.join(client))
  }

  /** `target` and `port` are ports of 127.0.0.1. */
  static async open(target: number, port = 0): Promise<Line> {
    const line = new Line(target)
    await new Promise<void>((resolve, reject) => {
      line.server.once('error', reject)
      line.server.listen(port, '127.0.0.1', resolve)
    })
    return line
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Nothing passes any more, on old connections and new ones; or only on one of `every`. */
  cut(every = 1): void {
    this.isCut = (connection) => connection % every === 0
    for (const pair of this.pairs) if (this.isCut(numberOf(pair))) for (const socket of pair) socket.pause()
  }

  /** What waited in the sockets goes on, as after a partition. */
  heal(): void {
    this.isCut = () => false
    for (const pair of this.pairs) for (const socket of pair) socket.resume()
  }

  /** From now on to another server. */
  lead(target: number): void {
    this.target = target
    this.drop()
  }

  async close(): Promise<void> {
    this.drop()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private drop(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
  }

  private join(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    const pair = [client, server] as const
    numbers.set(pair, ++this.accepted)
    this.pairs.add(pair)
    forward(client, server)
    forward(server, client)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.pairs.delete(pair)
        for (const end of pair) end.destroy()
      })
    }
    if (this.isCut(this.accepted)) for (const socket of pair) socket.pause()
  }
}

const numbers = new WeakMap<readonly [Socket, Socket], number>()
const numberOf = (pair: readonly [Socket, Socket]) => numbers.get(pair) ?? 0

/** Not `pipe`, which resumes a paused source by itself. */
function forward(from: Socket, to: Socket): void {
  from.on('data', (data) => {
    to.write(data)
  })
  from.on('end', () => to.end())
}
