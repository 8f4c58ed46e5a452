// `redis-server` of this machine as a child of ours, in a folder that the caller gives.
import { connect } from 'node:net'
import { type NativeProcess, startProcess } from './native-process.ts'

/** Never evicts; what it saves is up to `settings`. @throws when `redis-server` is not installed. */
export function startRedisServer(options: {
  readonly port: number
  readonly directory: string
  readonly settings: readonly string[]
}): Promise<NativeProcess> {
  const { port, directory, settings } = options
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--maxmemory-policy', 'noeviction']
  return startProcess('redis-server', [...args, ...settings], { cwd: directory, isReady: () => answersPing(port) })
}

/** While it reads its files it answers with an error. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
