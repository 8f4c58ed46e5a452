// Which of Kafka's two ways of transactions a cluster speaks. Version 2 (since 4.0): brokers add partitions and groups to a transaction
// by themselves, and each transaction ends with a new epoch. Version 1: we add them, and the epoch stays.
import type { ApiVersionsAnswer } from './messages/api-versions.ts'
import { type EndTxnVersion, endTxn } from './messages/end-txn.ts'
import { type ProduceVersion, produce } from './messages/produce.ts'
import { type TxnOffsetCommitVersion, txnOffsetCommit } from './messages/txn-offset-commit.ts'

export interface TransactionVersion {
  readonly addsImplicitly: boolean
  readonly produce: ProduceVersion
  readonly txnOffsetCommit: TxnOffsetCommitVersion
  readonly endTxn: EndTxnVersion
}

export const version1: TransactionVersion = { addsImplicitly: false, produce: 9, txnOffsetCommit: 3, endTxn: 3 }
export const version2: TransactionVersion = { addsImplicitly: true, produce: 12, txnOffsetCommit: 5, endTxn: 5 }

export function transactionVersionOf({ apis, features }: ApiVersionsAnswer): TransactionVersion {
  const level = features.find(({ name }) => name === 'transaction.version')?.level ?? 0
  const needed = [produce(version2.produce), txnOffsetCommit(version2.txnOffsetCommit), endTxn(version2.endTxn)]
  const offers = ({ key, version }: { key: number; version: number }) =>
    apis.some((api) => api.key === key && api.minVersion <= version && version <= api.maxVersion)
  return level >= 2 && needed.every(offers) ? version2 : version1
}
