// How Kafka's own clients wrap what group members tell each other. Brokers and their tools look inside, so ours is wrapped the same way:
// no topics and partitions in their words, all of it in the field that is the assignor's own.

/** Subscription and assignment, version 0, differ only in what their empty list would hold. */
const emptyFront = Buffer.alloc(6) // int16 version, int32 number of topics
const lengthBytes = 4

export function wrapUserData(userData: Buffer): Buffer {
  const wrapped = Buffer.allocUnsafe(emptyFront.length + lengthBytes + userData.length)
  emptyFront.copy(wrapped)
  wrapped.writeInt32BE(userData.length, emptyFront.length)
  userData.copy(wrapped, emptyFront.length + lengthBytes)
  return wrapped
}

/** Empty where nothing was assigned. */
export function unwrapUserData(wrapped: Buffer): Buffer {
  return wrapped.subarray(emptyFront.length + lengthBytes)
}
