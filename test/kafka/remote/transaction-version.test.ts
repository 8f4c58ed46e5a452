import { expect, test } from 'vitest'
import { transactionVersionOf, version1, version2 } from '../../../kafka/remote/transaction-version.ts'

const produce = { key: 0, minVersion: 3, maxVersion: 13 }
const endTxn = { key: 26, minVersion: 0, maxVersion: 5 }
const txnOffsetCommit = { key: 28, minVersion: 0, maxVersion: 6 }
const all = [produce, endTxn, txnOffsetCommit]
const finalized = (level: number) => [{ name: 'transaction.version', level }]

test.each([
  ['a new cluster speaks version 2', all, finalized(2), version2],
  ['a cluster whose upgrade is not finished speaks version 1', all, finalized(1), version1],
  ['an old cluster does not know the feature', all, [], version1],
  ['a broker that lacks one of the requests speaks version 1', [produce, txnOffsetCommit], finalized(2), version1],
  [
    'a broker that lacks one of the versions, too',
    [produce, { ...endTxn, maxVersion: 4 }, txnOffsetCommit],
    finalized(2),
    version1,
  ],
])('%s', (_, apis, features, version) => {
  expect(transactionVersionOf({ errorCode: 0, apis, features })).toBe(version)
})
