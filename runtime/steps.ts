// The numbered steps of take-over and commit cycle (exactly-once.md §2–3), so that a simulator can stop, fail or kill a worker between any two.
// R2, the validated read, and R6, the next one, are the backend's `load`.

export type Step = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'S6' | 'S7' | 'R1' | 'R3' | 'R4a' | 'R4b' | 'R4c' | 'R4d' | 'R5'

export type StepHook = (step: Step) => Promise<void> | void
