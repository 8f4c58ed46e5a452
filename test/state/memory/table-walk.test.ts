import { test } from 'vitest'
import { MemoryBackend } from '../../../state/memory/memory-backend.ts'
import { expectWalkToMeetWhatStays } from '../walked-while-written.ts'

test('a walk in parts meets what was there all the while, although more is written between them', async () => {
  await expectWalkToMeetWhatStays(new MemoryBackend().open({ subtopology: 0, partition: 0 }, 'changelog'))
})
