// A certificate for 127.0.0.1 that is signed by itself: who is given it as an authority trusts it, nobody else does.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Service, useService } from './use-service.ts'

export interface OwnCertificate extends Service {
  /** PEM. */
  readonly key: string
  readonly cert: string
}

export const useOwnCertificate = (): (() => OwnCertificate) => useService('openssl', makeCertificate)

async function makeCertificate(): Promise<OwnCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  try {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]
    await promisify(execFile)('openssl', request)
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8'), stop: async () => {} }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
