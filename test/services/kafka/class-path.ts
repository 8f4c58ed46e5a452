// Kafka's own jars, fetched through Maven once and remembered: what a native broker runs on, and where the message definitions are.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const downloadMsMax = 180_000

/** The jars, absolute. @throws with the reason when Maven or its repository cannot be had. */
export async function kafkaJars(): Promise<string[]> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace')
  const version = createHash('sha256').update(pom).digest('hex').slice(0, 12)
  const remembered = join(cache, `kafka-${version}.class-path`)
  const known = await jarsIn(remembered)
  if (known !== undefined) return known
  await mkdir(cache, { recursive: true })
  const [fresh, pomFile] = [`${remembered}.${process.pid}`, join(cache, `kafka-${version}.pom.xml`)]
  await writeFile(pomFile, pom)
  await maven(['-q', '-B', '-f', pomFile, 'dependency:build-classpath', `-Dmdep.outputFile=${fresh}`])
  await rename(fresh, remembered)
  return (await jarsIn(remembered)) ?? []
}

/** Undefined when the list is not there, or a jar of it is not any more. */
async function jarsIn(list: string): Promise<string[] | undefined> {
  if (!existsSync(list)) return undefined
  const jars = (await readFile(list, 'utf8')).trim().split(delimiter)
  return jars.every((jar) => existsSync(jar)) ? jars : undefined
}

async function maven(parameters: readonly string[]): Promise<void> {
  try {
    await run('mvn', [...parameters], { timeout: downloadMsMax })
  } catch (error) {
    const { code, stdout = '', message } = error as { code?: unknown; stdout?: string; message: string } // as execFile rejects
    if (code === 'ENOENT') throw new Error('Maven (mvn) is not installed', { cause: error })
    throw new Error(`Maven could not fetch Kafka: ${(stdout || message).trim().split('\n').slice(0, 2).join(' ')}`, {
      cause: error,
    })
  }
}

/** Compiles nothing: names what a broker needs on its class path. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace.test</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version>
      </plugin>
    </plugins>
  </build>
</project>
`
