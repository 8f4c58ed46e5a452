// What a person types to mend a topic: Kafka's own tools, as they are called in its distribution.
import type { TopicSpec } from '../kafka/cluster.ts'
import { topicConfigFields, topicConfigNames } from '../kafka/topic-config-names.ts'

const brokers = '--bootstrap-server "$KAFKA_BROKERS"'

export function createCommand({ name, partitions, config }: TopicSpec): string {
  const settings = topicConfigFields.map((field) => `--config ${topicConfigNames[field]}=${config[field]}`)
  return `kafka-topics.sh ${brokers} --create --topic ${name} --partitions ${partitions} ${settings.join(' ')}`
}

export function alterCommand(name: string, changes: Readonly<Record<string, string>>): string {
  const settings = Object.entries(changes).map(([setting, value]) => `${setting}=${value}`)
  return `kafka-configs.sh ${brokers} --alter --entity-type topics --entity-name ${name} --add-config ${settings.join(',')}`
}

export function deleteCommand(name: string): string {
  return `kafka-topics.sh ${brokers} --delete --topic ${name}`
}
