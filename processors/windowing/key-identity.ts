// What stands for a key in a Map: texts and numbers themselves, other keys their encoded bytes.
import { ByteWriter } from '../../core/byte-writer.ts'
import type { Encoder } from '../encoder.ts'

export type KeyIdentity = string | number

export class KeyIdentities<K> {
  private readonly encoder: Encoder<K>
  private readonly scratch = new ByteWriter(256)

  constructor(encoder: Encoder<K>) {
    this.encoder = encoder
  }

  of(key: K): KeyIdentity {
    if (typeof key === 'string' || typeof key === 'number') return key
    this.scratch.reset()
    this.encoder.write(key, this.scratch)
    return this.scratch.view().latin1Slice()
  }
}
