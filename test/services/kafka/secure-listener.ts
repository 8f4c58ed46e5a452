// What a native broker needs to speak TLS and SCRAM to its clients: a certificate of its own, users, and the settings for both.
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const storePassword = 'store-secret'
const brokerUser = { username: 'broker', password: 'broker-secret' }

export interface SecureListener {
  readonly protocol: 'SASL_SSL'
  readonly extra: readonly string[]
  readonly scramUsers: readonly string[]
  /** The certificate to trust, PEM. */
  readonly authority: string
}

/** `directory` keeps the key stores. @throws when there is no JDK. */
export async function secureListener(
  directory: string,
  user: { readonly username: string; readonly password: string },
): Promise<SecureListener> {
  await mkdir(directory, { recursive: true })
  const keyStore = join(directory, 'key.p12')
  const trustStore = join(directory, 'trust.p12')
  const certificate = join(directory, 'certificate.pem')
  const store = ['-storetype', 'PKCS12', '-storepass', storePassword, '-alias', 'broker', '-noprompt']
  const subject = ['-dname', 'CN=localhost', '-ext', 'SAN=IP:127.0.0.1,DNS:localhost', '-validity', '2']
  await run('keytool', ['-genkeypair', '-keyalg', 'RSA', ...subject, ...store, '-keystore', keyStore])
  await run('keytool', ['-exportcert', '-rfc', '-file', certificate, ...store, '-keystore', keyStore])
  await run('keytool', ['-importcert', '-file', certificate, ...store, '-keystore', trustStore])
  const login = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${brokerUser.username}" password="${brokerUser.password}";`
  return {
    protocol: 'SASL_SSL',
    authority: await readFile(certificate, 'utf8'),
    scramUsers: [brokerUser, user].map(
      ({ username, password }) => `SCRAM-SHA-256=[name=${username},password=${password}]`,
    ),
    extra: [
      'sasl.enabled.mechanisms=SCRAM-SHA-256',
      'sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256',
      `listener.name.client.scram-sha-256.sasl.jaas.config=${login}`,
      // kafkajs authenticates again 10 s before that: every second.
      'listener.name.client.scram-sha-256.connections.max.reauth.ms=11000',
      ...['keystore', 'truststore'].flatMap((kind) => [
        `ssl.${kind}.type=PKCS12`,
        `ssl.${kind}.location=${kind === 'keystore' ? keyStore : trustStore}`,
        `ssl.${kind}.password=${storePassword}`,
      ]),
    ],
  }
}
