// What a person types to mend a topic: Kafka's own tools, as they are called in its distribution.
import type { TopicSpec } from '../kafka/cluster.ts'
import { topicConfigNames } from '../kafka/topic-config-names.ts'

const brokers = '--bootstrap-server "$KAFKA_BROKERS"'

export function createCommand({ name, partitions, config }: TopicSpec): string {
  const settings = Object.entries(topicConfigNames).map(
    // The names are those of TopicConfig, one for each.
    ([field, setting]) => `--config ${setting}=${config[field as keyof typeof config]}`,
  )
  return `kafka-topics.sh ${brokers} --create --topic ${name} --partitions ${partitions} ${settings.join(' ')}`
}

export function alterCommand(name: string, changes: Readonly<Record<string, string>>): string {
  const settings = Object.entries(changes).map(([setting, value]) => `${setting}=${value}`)
  return `kafka-configs.sh ${brokers} --alter --entity-type topics --entity-name ${name} --add-config ${settings.join(',')}`
}

export function deleteCommand(name: string): string {
  return `kafka-topics.sh ${brokers} --delete --topic ${name}`
}
