// A simulated world: processes that run the real engine over one embedded cluster, one state backend and one sink, all of them in memory,
// with every call a scheduling point that can be lost, applied unanswered, delayed or cut off by a kill.
import { ManualClock } from '../../core/clock.ts'
import { ProducerFenced, Retriable } from '../../core/errors.ts'
import { type Random, seededRandom } from '../../core/random.ts'
import { type TaskId, taskName } from '../../core/topic-partition.ts'
import type { Cluster } from '../../kafka/cluster.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { withAround } from '../../kafka/embedded/fault-hooks.ts'
import { Application } from '../../runtime/application.ts'
import type { Membership } from '../../runtime/membership.ts'
import type { Step } from '../../runtime/steps.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import type { Sink, SinkWriter } from '../../sinks/sink.ts'
import { chunksWithFaults, withFaults as withStateFaults } from '../../state/fault-hooks.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import type { Mutation } from './mutations.ts'
import { type Actor, Scheduler } from './scheduler.ts'
import { withTornSends } from './torn-sends.ts'

/** What may happen at a step; each pair of fault and step is counted. */
export type Fault = 'lost' | 'unanswered' | 'killed' | 'paused'
export type Coverage = Map<string, number>

interface Process extends Actor {
  application: Application | undefined
  assigned: readonly TaskId[]
  /** The step of the cycle it is in, for the coverage of faults. */
  step: Step | 'sink' | 'start'
  failure: unknown
}

const LOST = 0.006
const UNANSWERED = 0.006
const TORN = 0.01
const REGISTRY_AWAY = 0.5
const CHUNK_ENTRIES = 2
const CALLS_OF_A_PRODUCER = new Set(['send', 'sendOffsets', 'commit', 'abort'])

export class World {
  readonly random: Random
  readonly clock: ManualClock
  readonly scheduler: Scheduler
  readonly topology: CompiledTopology
  readonly cluster: EmbeddedCluster
  readonly registry: SchemaRegistry
  readonly sink = new MemorySink()
  readonly coverage: Coverage
  /** No more faults: what is left must now come to an end. */
  isCalm = false
  private readonly backends = new Map<string, MemoryBackend>()
  private readonly processes: Process[] = []
  private readonly owners = new Map<string, Process>()
  private readonly formerOwners = new Map<string, Process>()
  private serial = 0
  private readonly sharedBackend: boolean
  private readonly mutation: Mutation | undefined

  private constructor(parts: {
    seed: number
    topology: CompiledTopology
    clock: ManualClock
    cluster: EmbeddedCluster
    registry: SchemaRegistry
    coverage: Coverage
    mutation: Mutation | undefined
  }) {
    this.random = seededRandom(parts.seed)
    this.scheduler = new Scheduler(this.random)
    this.topology = parts.topology
    this.clock = parts.clock
    this.cluster = parts.cluster
    this.registry = parts.registry
    this.coverage = parts.coverage
    this.mutation = parts.mutation
    // Half the worlds keep state outside the processes, as Redis would; in the others it dies with them.
    this.sharedBackend = parts.seed % 2 === 0
  }

  static async open(seed: number, topology: CompiledTopology, coverage: Coverage, mutation?: Mutation): Promise<World> {
    const registry = await openEmbeddedRegistry()
    const clock = new ManualClock(Date.UTC(2026, 0, 1))
    const cluster = await openEmbeddedCluster({ clock, random: seededRandom(seed + 1_000_003) })
    return new World({ seed, topology, clock, cluster, registry, coverage, mutation })
  }

  /** `turns` turns of trouble, with input at even distances; then one process finishes everything. @throws what a process died of, or when nothing ends. */
  async run(turns: number, input: readonly (() => Promise<void>)[]): Promise<void> {
    this.spawn()
    this.spawn()
    this.assignAll()
    const every = Math.ceil(turns / (input.length + 1))
    for (let turn = 0; turn < turns; turn++) {
      if (turn % every === 0) await input[turn / every]?.()
      this.makeTrouble()
      await this.turn()
    }
    await this.finish()
  }

  private async turn(): Promise<void> {
    if (!(await this.scheduler.next())) this.clock.advance(10)
    this.clock.advance(1)
    for (const { failure } of this.processes) if (failure !== undefined) throw failure
  }

  /** One new process gets all tasks; the others live on beside it for a while, and may not know. */
  private async finish(): Promise<void> {
    this.isCalm = true
    const last = this.spawn()
    for (const id of this.allTasks()) this.give(id, last)
    this.tell(last)
    for (let turn = 0; turn < 30_000; turn++) {
      if (turn === 300) for (const other of [...this.processes]) if (other !== last) this.kill(other)
      last.pausedFor = 0
      await this.turn()
      if (turn > 300 && turn % 20 === 0 && last.application !== undefined && (await this.isDone(last.application)))
        return
    }
    throw new Error('no progress after the trouble ended')
  }

  private async isDone(application: Application): Promise<boolean> {
    let done: boolean | undefined
    void application.isCaughtUp().then((answer) => {
      done = answer
    })
    for (let turn = 0; done === undefined && turn < 1_000; turn++) await this.turn()
    return done === true
  }

  // ---- trouble

  private makeTrouble(): void {
    const dice = this.random()
    const process = this.anyProcess()
    if (dice < 0.003) {
      this.kill(process)
      if (this.processes.length < 2) this.spawn()
      this.reassignOrphans()
    } else if (dice < 0.008) {
      if (this.processes.length < 4) this.spawn()
      this.moveOneTask()
    } else if (dice < 0.012) {
      this.cover('paused', process)
      process.pausedFor = 20 + Math.floor(this.random() * 150)
    } else if (dice < 0.04) {
      this.tell(process)
    } else if (dice < 0.045) {
      this.clock.advance(Math.floor(this.random() * 3_000))
    } else if (dice < 0.048) {
      void this.cluster.maintain()
    }
  }

  private anyProcess(): Process {
    return this.processes[Math.floor(this.random() * this.processes.length)] ?? this.spawn()
  }

  private moveOneTask(): void {
    const tasks = this.allTasks()
    const moved = tasks[Math.floor(this.random() * tasks.length)]
    if (moved === undefined) return
    const to = this.anyProcess()
    this.give(moved, to)
    this.tell(to)
  }

  private give(id: TaskId, to: Process): void {
    const from = this.owners.get(taskName(id))
    if (from !== undefined && from !== to) this.formerOwners.set(taskName(id), from)
    this.owners.set(taskName(id), to)
  }

  private reassignOrphans(): void {
    for (const id of this.allTasks())
      if (this.owners.get(taskName(id))?.isDead !== false) this.give(id, this.anyProcess())
    for (const process of this.processes) if (this.random() < 0.7) this.tell(process)
  }

  private assignAll(): void {
    for (const id of this.allTasks()) this.owners.set(taskName(id), this.anyProcess())
    for (const process of this.processes) this.tell(process)
  }

  /** The group's word reaches this process: until then it goes on with what it had. */
  private tell(process: Process): void {
    const assigned = this.allTasks().filter((id) => this.owners.get(taskName(id)) === process)
    if (assigned.map(taskName).join() !== process.assigned.map(taskName).join()) process.assigned = assigned
  }

  private allTasks(): TaskId[] {
    return this.topology.subtopologies.flatMap(({ id, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ subtopology: id, partition })),
    )
  }

  private cover(fault: Fault, { step }: Process): void {
    const cell = `${fault} × ${step}`
    this.coverage.set(cell, (this.coverage.get(cell) ?? 0) + 1)
  }

  // ---- processes

  private kill(process: Process): void {
    this.cover('killed', process)
    this.scheduler.kill(process)
    this.processes.splice(this.processes.indexOf(process), 1)
  }

  private spawn(): Process {
    const process: Process = {
      name: `p${++this.serial}`,
      isDead: false,
      pausedFor: 0,
      application: undefined,
      assigned: [],
      step: 'start',
      failure: undefined,
    }
    this.processes.push(process)
    this.live(process).catch((error: unknown) => {
      process.failure = error
    })
    return process
  }

  private async live(process: Process): Promise<void> {
    const application = await this.start(process)
    process.application = application
    for (;;) {
      await this.scheduler.turn(process)
      await application.step()
    }
  }

  /** As a supervisor would: a process that cannot start yet is started again. */
  private async start(process: Process): Promise<Application> {
    for (;;) {
      try {
        return await this.startOnce(process)
      } catch (error) {
        if (!(error instanceof Retriable)) throw error
      }
    }
  }

  private startOnce(process: Process): Promise<Application> {
    return Application.start({
      topology: this.topology,
      cluster: this.clusterOf(process),
      registry: this.registryOf(process),
      sink: this.sinkOf(process),
      backend: this.backendOf(process),
      clock: { now: () => this.clock.now(), sleep: () => this.scheduler.turn(process) },
      random: seededRandom(this.serial * 7919 + 13),
      membership: this.membershipOf(process),
      config: {
        commitIntervalMs: 5,
        watermarkIntervalMs: 3,
        releaseWaitMs: 200,
        windowsAtOnce: 1 + Math.floor(this.random() * 3),
        idleAfterMs: Number.POSITIVE_INFINITY,
        fetchBytesPerPartitionMax: 200 + Math.floor(this.random() * 2_000),
      },
      at: (step) => {
        process.step = step
        return this.scheduler.turn(process)
      },
    })
  }

  private membershipOf(process: Process): Membership {
    return {
      assigned: () => process.assigned,
      // It never sleeps for long.
      onChange: () => {},
      // It may release the task soon, or not know for long.
      isHandedOver: (id) => {
        const former = this.formerOwners.get(taskName(id)) ?? process
        return former !== process && !former.isDead
      },
      metadata: () => ({ group: this.topology.name, generation: -1, memberId: '' }),
      confirmed: async () => {
        this.tell(process)
        return true
      },
      leave: async () => {},
    }
  }

  private clusterOf(process: Process): Cluster {
    const torn = withTornSends(this.cluster, () => this.fails(TORN), this.random)
    const faulty = withAround(torn, async (call, apply) => {
      const isProducers = CALLS_OF_A_PRODUCER.has(call)
      return this.request(process, apply, (what) =>
        isProducers
          ? new ProducerFenced('simulated', `${call} ${what}`)
          : new Retriable('simulated', `${call} ${what}`),
      )
    })
    const cluster = { ...faulty, close: async () => {} }
    return this.mutation?.cluster?.(cluster) ?? cluster
  }

  private backendOf(process: Process) {
    const faults = { before: () => this.mayFail(process, 'lost'), after: () => this.mayFail(process, 'unanswered') }
    const name = this.sharedBackend ? 'shared' : process.name
    const backend =
      this.backends.get(name) ??
      new MemoryBackend(chunksWithFaults(CHUNK_ENTRIES, this.sharedBackend ? this.tornFlush() : faults))
    this.backends.set(name, backend)
    return withStateFaults(backend, faults)
  }

  /** Between the chunks of a flush to a shared backend: whoever flushes, it may stay torn. */
  private tornFlush() {
    return {
      before: () => {
        if (this.fails(LOST)) throw new Retriable('simulated', 'a flush was torn')
      },
    }
  }

  /** Away for more than a moment: half of all questions for schemas get no answer. */
  private registryOf(process: Process): SchemaRegistry {
    return {
      register: (subject, schema) => this.registry.register(subject, schema),
      schemaById: async (id) => {
        await this.scheduler.turn(process)
        if (this.fails(REGISTRY_AWAY)) throw new Retriable('simulated', 'the registry is away')
        return this.registry.schemaById(id)
      },
    }
  }

  private sinkOf(process: Process): Sink {
    const sink: Sink = {
      kind: 'memory',
      prepare: (tables) => this.sink.prepare(tables),
      close: async () => {},
      open: async (source) => {
        const writer: SinkWriter = await this.request(
          process,
          () => this.sink.open(source),
          (what) => new Retriable('simulated', `sink open ${what}`),
        )
        return {
          get position() {
            return writer.position
          },
          newBatch: () => writer.newBatch(),
          commit: (batch, move, signal) =>
            this.request(
              process,
              () => writer.commit(batch, move, signal),
              (what) => new Retriable('simulated', `sink commit ${what}`),
            ),
          close: () => writer.close(),
        }
      },
    }
    return this.mutation?.sink?.(sink) ?? sink
  }

  /** A call to a service: it waits for its turn, may be lost, may be applied without an answer. */
  private async request<T>(process: Process, apply: () => Promise<T>, error: (what: string) => Error): Promise<T> {
    await this.scheduler.turn(process, apply)
    if (this.fails(LOST)) {
      this.cover('lost', process)
      throw error('was lost')
    }
    const answer = await apply()
    await this.scheduler.turn(process)
    if (this.fails(UNANSWERED)) {
      this.cover('unanswered', process)
      throw error('was not answered')
    }
    return answer
  }

  private async mayFail(process: Process, fault: 'lost' | 'unanswered'): Promise<void> {
    await this.scheduler.turn(process)
    if (!this.fails(fault === 'lost' ? LOST : UNANSWERED)) return
    this.cover(fault, process)
    throw new Retriable('simulated', `a call to the backend: ${fault}`)
  }

  private fails(chance: number): boolean {
    return !this.isCalm && this.random() < chance
  }
}
