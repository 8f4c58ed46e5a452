// A database of its own on a server that tests share.
import { randomBytes } from 'node:crypto'
import pgDriver from 'pg'

/** Creates it. Returns its URL. */
export async function newDatabase(server: string): Promise<string> {
  const name = `t${randomBytes(6).toString('hex')}`
  const client = new pgDriver.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
