// The case model that every city's rows are brought to: one schema for Avro, TypeScript and Postgres.
import { type Infer, t } from '../index.ts'

export const caseId = t.id('CaseId')
export type CaseId = Infer<typeof caseId>
export const neighborhood = t.id('Neighborhood')
export type Neighborhood = Infer<typeof neighborhood>

/** Where a case lies when neither its row nor its point says so: counted under this name. */
export const unknownNeighborhood = neighborhood.of('Unknown')

const text = t.optional(t.string)

/** One version of a case, as its row states it; names, districts and dates in one form for all years. */
export class Case extends t.record('Case', {
  id: caseId,
  openedAt: t.instant,
  closedAt: t.optional(t.instant),
  updatedAt: t.instant,
  /** When the portal last touched the row; 0 where it does not say. */
  rowVersion: t.instant,
  /** Hash of what the row says; equal for two rows that differ in bookkeeping only. */
  content: t.string,
  status: t.oneOf('open', 'closed'),
  statusNotes: text,
  /** Under its name of today; `given…` is what the row said, where that differs. */
  category: text,
  givenCategory: text,
  subtype: text,
  details: text,
  agency: text,
  source: text,
  givenSource: text,
  address: text,
  street: text,
  latitude: t.optional(t.double),
  longitude: t.optional(t.double),
  givenNeighborhood: text,
  givenSffindNeighborhood: text,
  givenSupervisorDistrict: text,
  givenPoliceDistrict: text,
  mediaUrl: text,
  /** Negative where a case is closed before it is opened. */
  resolutionHours: t.optional(t.double),
  hasValidLocation: t.boolean,
  hasResolution: t.boolean,
  closedBeforeOpened: t.boolean,
  closedInFuture: t.boolean,
  missingNeighborhood: t.boolean,
  /** Columns that nobody knew when this was written: name to JSON. */
  extra: t.optional(t.map(t.string)),
  /** Where the row lies in the raw topic: what settles two rows of equal version. */
  sourcePartition: t.int,
  sourceOffset: t.long,
  ingestedAt: t.optional(t.instant),
}) {}

/** A case with its place in the city and its moment in the week. */
export class LocatedCase extends t.extend('LocatedCase', Case, {
  neighborhood,
  sffindNeighborhood: text,
  supervisorDistrict: text,
  policeDistrict: text,
  localHour: t.int,
  /** 0 Monday to 6 Sunday. */
  weekday: t.int,
  holiday: text,
}) {}

/** A case as consumers get it; the count is "so far", so it depends on the order of arrival. */
export class EnrichedCase extends t.extend('EnrichedCase', LocatedCase, { openedSoFar: t.optional(t.int) }) {}

/** What the table of cases keeps of a case: all that the counts are made of. */
export class CountedFacts extends t.record('CountedFacts', {
  neighborhood,
  openedAt: t.instant,
  closedAt: t.optional(t.instant),
}) {}

export class Volume extends t.record('Volume', { opened: t.int, closed: t.int }) {}
