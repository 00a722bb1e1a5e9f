// Written by the test ApiTypesTests from the OpenAPI document: the shapes of requests and answers.

export interface ActorView {
  kind: string
  name: string
  address: string | null
}

export interface ArgsChangeView {
  path: string
  before: unknown
  after: unknown
}

export interface ArgsComparisonView {
  job: string
  failedRuns: number
  succeededRuns: number
  enough: boolean
  differences: ArgsDifferenceView[]
}

export interface ArgsDifferenceView {
  path: string
  value: unknown
  missing: boolean
  failed: number
  succeeded: number
}

export interface AttemptBarView {
  run: string
  job: string
  lane: string
  attempt: number
  outcome: string
  startedAt: string
  seconds: number
}

export interface AttemptLimitView {
  max: number
  from: string
}

export interface AttemptView {
  number: number
  outcome: string | null
  worker: string | null
  workerName: string | null
  startedAt: string | null
  endedAt: string | null
  errorType: string | null
  error: string | null
  stack: string | null
  times: number
  verdict: string | null
  maxAttempts: number | null
  maxAttemptsFrom: string | null
}

export interface AuditView {
  id: number
  at: string
  by: ActorView
  onBehalfOf: string | null
  way: string
  keyId: string | null
  subject: string | null
  action: string
  target: string
  before: unknown
  after: unknown
  reason: string | null
}

export interface AuditViewPage {
  items: AuditView[]
  next: string | null
}

export interface BackfillBody {
  from: string
  until: string
  perMinute?: number | null
  lane?: string | null
  dryRun?: boolean
}

export interface BackfillView {
  count: number
  existing: number
  first: string | null
  last: string | null
  lastDueAt: string | null
  oldestKept: string | null
}

export interface BucketView {
  from: number
  until: number | null
  count: number
}

export interface BusyMinuteView {
  minute: string
  starts: number
  busySeconds: number
  schedules: FiringsView[]
  moreSchedules: number
}

export interface CalendarClockChangeView {
  at: string
  minutes: number
}

export interface CalendarDayView {
  date: string
  day: string
  starts: number[]
  slots: number[]
  clockChange: CalendarClockChangeView | null
}

export interface CalendarView {
  from: string
  until: string
  zone: string
  firings: number
  truncatedAt: string | null
  hasDurations: boolean
  days: CalendarDayView[]
  week: CalendarWeekDayView[]
}

export interface CalendarWeekDayView {
  day: string
  starts: number[]
  slots: number[]
}

export interface CancelBody {
  reason?: string | null
}

export interface CanceledView {
  result: string
}

export interface ChangedFireTimeView {
  change: string
  at: string
  local: string
  clockEffect: ClockEffectView | null
}

export interface ChangesView {
  runs: RunChangesView | null
  lanes: string[]
  workers: string[]
  schedules: boolean
}

export interface CheckView {
  name: string
  status: string
  milliseconds: number
  said: string
  advice: string | null
}

export interface CheckViewPage {
  items: CheckView[]
  next: string | null
}

export interface ClockEffectView {
  kind: string
  changeAt: string
  minutes: number
  count: number
  fireTimes: string[]
  text: string
}

export interface CollisionView {
  minute: string
  starts: number
  expectedSlots: number
  schedules: FiringsView[]
  moreSchedules: number
}

export interface CollisionsView {
  lane: string
  slots: number
  count: number
  worst: CollisionView[]
  truncatedAt: string | null
}

export interface ComponentView {
  name: string
  status: string
  milliseconds: number
  description: string | null
}

export interface ControlBody {
  reason?: string | null
}

export interface CountView {
  value: number
  relation: string
}

export interface CreateKeyBody {
  name?: string | null
  role?: string | null
  lanes?: string[] | null
  expiresIn?: string | null
}

export interface CreateOperationBody {
  token?: string | null
  expect?: number | null
  rate?: number | null
  reason?: string | null
  kind?: string | null
  query?: string | null
}

export interface CreatedKeyView {
  text: string | null
  key: KeyView
}

export interface DeadGroupDetailView {
  stack: string | null
  trend: number[]
  trendSince: string | null
  versions: DeadGroupVersionView[]
  lanes: string[]
  samples: RunView[]
  args: ArgsComparisonView | null
  fingerprint: string
  count: CountView
  firstAt: string
  lastAt: string
  lastDay: number
  dayBefore: number
  jobs: DeadGroupJobView[]
  errorType: string | null
  error: string | null
  newestRun: string | null
  mute: MuteView | null
}

export interface DeadGroupJobView {
  job: string
  count: number
}

export interface DeadGroupListView {
  items: DeadGroupView[]
  muted: number
  scanned: ScannedView
}

export interface DeadGroupVersionView {
  version: string
  count: number
  firstAt: string
  lastAt: string
}

export interface DeadGroupView {
  fingerprint: string
  count: CountView
  firstAt: string
  lastAt: string
  lastDay: number
  dayBefore: number
  jobs: DeadGroupJobView[]
  errorType: string | null
  error: string | null
  newestRun: string | null
  mute: MuteView | null
}

export interface DeadLetterExportView {
  items: ExportedDeadLetterView[]
  next: string | null
  scanned: ScannedView
}

export interface DeadLetterView {
  run: RunDetailView
  mute: MuteView | null
  log: LogLineView[]
}

export interface DiscardBody {
  reason: string
}

export interface DiscardedView {
  discarded: number
  more: boolean
}

export interface DistributionView {
  count: number
  mean: number
  p50: number
  p95: number
  p99: number
  buckets: BucketView[] | null
}

export type EmptyBody = Record<string, unknown>

export interface EndCountsView {
  all: number
  succeeded: number
  retried: number
  failed: number
  canceled: number
  skipped: number
  revoked: number
  rescued: number
  released: number
}

export interface EnqueueBatchBody {
  runs: EnqueueBody[]
}

export interface EnqueueBody {
  job: string
  args?: unknown
  lane?: string | null
  delay?: string | null
  runAt?: string | null
  tags?: string[] | null
  maxAttempts?: number | null
  idempotencyKey?: string | null
}

export interface EnqueuedBatchView {
  ids: string[]
}

export interface EnqueuedView {
  id: string
}

export interface EvidenceView {
  table: string
  id: string
  link: string | null
}

export interface ExampleView {
  job: string
  args: unknown
}

export interface ExplainedNowView {
  state: string
  mayStart: boolean | null
  reasons: SentenceView[]
}

export interface ExplanationView {
  id: string
  summary: string
  sentences: SentenceView[]
  now: ExplainedNowView
}

export interface ExportedDeadLetterView {
  id: string
  replays: number
  job: string
  lane: string | null
  args: unknown
  tags: string[] | null
  maxAttempts: number | null
  fingerprint: string | null
  errorType: string | null
  error: string | null
  stack: string | null
  attempt: number | null
  createdAt: string | null
  finishedAt: string | null
  scheduleId: string | null
  fireTime: string | null
  idempotencyKey: string | null
}

export interface FieldErrorView {
  in: string
  pointer: string
  detail: string
  code: string
  value: string | null
  allowed: string | null
  field: string
}

export interface FindingView {
  severity: string
  code: string
  sentence: string
  since: string | null
  link: string | null
  advice: string
}

export interface FindingViewPage {
  items: FindingView[]
  next: string | null
}

export interface FireTimeView {
  at: string
  local: string
  clockEffect: ClockEffectView | null
}

export interface FiringsView {
  id: string
  firings: number
}

export interface HeatMapView {
  from: string
  minutesPerCell: number
  starts: number[]
  busySeconds: number[]
}

export interface HorizonView {
  at: string
  newest: string | null
}

export interface ImportDeadLettersBody {
  runs: ExportedDeadLetterView[]
}

export interface ImportedView {
  imported: number
  known: number
  ids: string[]
}

export interface JobView {
  name: string
  lane: string
  description: string | null
  aliases: string[]
  maxAttempts: number | null
  timeout: string | null
  schema: unknown
  example: ExampleView | null
  version: string
  servedBy: number
}

export interface JobViewPage {
  items: JobView[]
  next: string | null
}

export interface KeyView {
  id: string
  name: string
  role: string
  lanes: string[] | null
  state: string
  createdAt: string
  createdBy: ActorView | null
  expiresAt: string
  lastUsedAt: string | null
  revokedAt: string | null
  revokedBy: ActorView | null
  rotatedFrom: string | null
}

export interface KeyViewPage {
  items: KeyView[]
  next: string | null
}

export interface LaneDemandView {
  lane: string
  demand: number
  relation: string
  ready: CountView
  running: CountView
  scheduledSoon: CountView
  isPaused: boolean
  age: string
}

export interface LaneLoadView {
  lane: string
  firings: number
  busySeconds: number
  mostAtOnce: number
  mostAtOnceAt: string
}

export interface LanePauseView {
  since: string
  by: ActorView | null
  reason: string | null
  until: string | null
  unconfirmedWorkers: number
}

export interface LaneRatesView {
  lane: string
  last10: RecentEndsView
  last60: RecentEndsView
  slotsBusy: number
  slots: number
}

export interface LaneView {
  name: string
  ready: CountView
  running: CountView
  scheduledSoon: CountView
  oldestReadyAge: string
  slots: number
  workers: number
  paused: LanePauseView | null
  demand: number
  age: string
  version: string | null
}

export interface LaneViewPage {
  items: LaneView[]
  next: string | null
}

export interface LatenessBucketView {
  within: number | null
  count: number
}

export interface LatenessView {
  median: number
  p99: number
  most: number
  histogram: LatenessBucketView[]
}

export interface LeaderView {
  name: string
  term: number
}

export interface LiveFiguresView {
  at: string
  problem: string | null
  scheduled: CountView
  ready: CountView
  running: CountView
  failed: CountView
  slots: number
  oldestReadyAt: string | null
  lanes: LiveLaneView[]
  laneCount: number
  activeWorkers: number
  drainingWorkers: number
  leader: LeaderView | null
  components: ComponentView[]
  findings: FindingView[]
}

export interface LiveLaneView {
  name: string
  ready: CountView
  scheduled: CountView
  running: CountView
  slots: number
  paused: boolean
  oldestReadyAt: string | null
}

export interface LogLineView {
  id: number
  attempt: number
  at: string
  level: string | null
  message: string | null
}

export interface LogLineViewPage {
  items: LogLineView[]
  next: string | null
}

export interface MuteBody {
  until?: string | null
  untilNewVersion?: boolean | null
  reason?: string | null
}

export interface MuteView {
  at: string
  by: ActorView | null
  until: string | null
  untilNewVersion: boolean
  reason: string | null
}

export interface NextFireTimesView {
  id: string
  status: string
  zone: string | null
  words: string
  items: FireTimeView[]
  warnings: WarningView[]
}

export interface OccurrenceView {
  fireTime: string
  outcome: string
  run: string | null
  startedAt: string | null
  finishedAt: string | null
  lateBy: string | null
  duration: string | null
  count: number
  first: string | null
}

export interface OccurrenceViewPage {
  items: OccurrenceView[]
  next: string | null
}

export interface OperationPreviewView {
  kind: string
  query: string
  count: CountView
  sample: RunView[]
  horizon: HorizonView
  token: string
  expiresAt: string
}

export interface OperationView {
  id: string
  kind: string
  state: string
  query: string
  lanes: string[] | null
  horizon: HorizonView
  matched: CountView
  done: number
  skipped: SkippedView
  failed: number
  error: string | null
  rate: number
  reason: string | null
  createdAt: string
  createdBy: ActorView | null
  finishedAt: string | null
  canceledBy: ActorView | null
}

export interface OperationViewPage {
  items: OperationView[]
  next: string | null
}

export interface PauseBody {
  until?: string | null
  reason?: string | null
}

export interface PreviewOperationBody {
  kind?: string | null
  query?: string | null
}

export interface ProblemView {
  type: string
  title: string
  status: number
  detail: string
  code: string
  traceId: string | null
  errors: FieldErrorView[] | null
  field: string | null
  value: string | null
  allowed: string | null
  signIn: string | null
  existing: string | null
  current: unknown
}

export interface PutScheduleBody {
  job: string
  args?: unknown
  cron?: string | null
  every?: string | null
  anchor?: string | null
  at?: string | null
  zone?: string | null
  lane?: string | null
  maxAttempts?: number | null
  tags?: string[] | null
  maxOccurrences?: number | null
  startsAt?: string | null
  endsAt?: string | null
  exclude?: string[] | null
  jitter?: string | null
  misfire?: unknown
  misfireDeadline?: string | null
  overlap?: unknown
  labels?: Record<string, string> | null
}

export interface PutViewBody {
  query?: string | null
  columns?: string[] | null
  sort?: string | null
  shared?: boolean | null
}

export interface RatesView {
  at: string
  all: LaneRatesView
  lanes: LaneRatesView[]
}

export interface RecentEndsView {
  seconds: number
  ends: EndCountsView
  perSecond: number
}

export interface ReplayDeadLetterBody {
  args?: unknown
  patch?: unknown
}

export interface ReplayView {
  number: number
  at: string
  by: ActorView | null
  fromState: string | null
  fromAttempt: number
  fromError: string | null
  fromCanceledBy: ActorView | null
  fromFinishedAt: string | null
  fromArgs: unknown
}

export interface ReplayedView {
  id: string
  diff: ArgsChangeView[]
}

export interface ResyncView {
  reason: string
}

export interface RotateKeyBody {
  overlap?: string | null
  expiresIn?: string | null
}

export interface RunChangeView {
  id: string
  state: string
  job: string
  lane: string
  attempt: number
  dueAt: string | null
  startedAt: string | null
  finishedAt: string | null
  stopping: boolean
  progress: number | null
  progressMessage: string | null
  error: string | null
}

export interface RunChangesView {
  ids: string[]
  jobs: string[]
  states: string[]
  more: boolean
}

export interface RunCountView {
  value: number
  relation: string
  states: Record<string, CountView> | null
  scanned: ScannedView
}

export interface RunDetailView {
  workerName: string | null
  args: unknown
  output: unknown
  error: string | null
  discardedBy: ActorView | null
  discardReason: string | null
  attempts: AttemptView[]
  lineage: ReplayView[]
  attemptLimit: AttemptLimitView | null
  attemptsUsed: number
  id: string
  job: string
  lane: string
  state: string
  attempt: number
  maxAttempts: number | null
  createdAt: string
  dueAt: string
  startedAt: string | null
  finishedAt: string | null
  scheduleId: string | null
  fireTime: string | null
  errorType: string | null
  progress: number | null
  progressMessage: string | null
  tags: string[]
  worker: string | null
  replays: number
  crashes: number
  cancelRequested: boolean
  cancelCause: string | null
  canceledBy: ActorView | null
  enqueuedBy: ActorView | null
  parentId: string | null
  idempotencyKey: string | null
  fingerprint: string | null
  discardedAt: string | null
}

export interface RunPageView {
  items: RunView[]
  next: string | null
  scanned: ScannedView
}

export interface RunView {
  id: string
  job: string
  lane: string
  state: string
  attempt: number
  maxAttempts: number | null
  createdAt: string
  dueAt: string
  startedAt: string | null
  finishedAt: string | null
  scheduleId: string | null
  fireTime: string | null
  errorType: string | null
  progress: number | null
  progressMessage: string | null
  tags: string[]
  worker: string | null
  replays: number
  crashes: number
  cancelRequested: boolean
  cancelCause: string | null
  canceledBy: ActorView | null
  enqueuedBy: ActorView | null
  parentId: string | null
  idempotencyKey: string | null
  fingerprint: string | null
  discardedAt: string | null
}

export interface SavedViewView {
  name: string
  query: string
  columns: string[] | null
  sort: string | null
  shared: boolean
  owner: ActorView | null
  createdAt: string
  changedAt: string
  changedBy: ActorView | null
  version: string
}

export interface SavedViewViewPage {
  items: SavedViewView[]
  next: string | null
}

export interface ScannedView {
  backTo: string | null
  rows: number
  complete: boolean
}

export interface ScheduleDiffView {
  id: string
  status: string
  from: string
  until: string
  added: number
  removed: number
  kept: number
  changes: ChangedFireTimeView[]
  truncated: boolean
  truncatedAt: string | null
  words: string
  collisions: CollisionsView
  warnings: WarningView[]
}

export interface ScheduleFiguresView {
  from: string
  until: string
  expected: number
  fired: number
  skipped: number
  canceled: number
  waiting: number
  missing: number
  firstMissing: string[]
  unexpected: number
  lateness: LatenessView | null
}

export interface ScheduleView {
  id: string
  job: string
  args: unknown
  cron: string | null
  every: string | null
  anchor: string | null
  at: string | null
  zone: string | null
  words: string
  lane: string | null
  maxAttempts: number | null
  tags: string[]
  startsAt: string | null
  endsAt: string | null
  exclude: string[]
  jitter: string | null
  maxOccurrences: number | null
  misfire: string
  misfireDeadline: string | null
  overlap: string
  labels: Record<string, string>
  timeout: string | null
  status: string
  statusReason: string | null
  statusBy: ActorView | null
  statusSince: string | null
  resumeAt: string | null
  source: string
  putBy: ActorView | null
  nextFireAt: string | null
  lastFireTime: string | null
  plannedUntil: string | null
  lastStartedAt: string | null
  updatedAt: string
  version: string | null
  outcomes: OccurrenceView[] | null
  warnings: WarningView[]
}

export interface ScheduleViewPage {
  items: ScheduleView[]
  next: string | null
}

export interface SentenceView {
  code: string
  text: string
  at: string | null
  evidence: EvidenceView[]
}

export interface SessionView {
  id: string
  name: string
  role: string
  keyId: string | null
  subject: string | null
  address: string | null
  agent: string | null
  createdAt: string
  lastSeenAt: string
  expiresAt: string
  isCurrent: boolean
}

export interface SessionViewPage {
  items: SessionView[]
  next: string | null
}

export interface SignInBody {
  key?: string | null
}

export interface SignedOutView {
  providerUrl: string
}

export interface SimulatedScheduleView {
  id: string
  lane: string
  zone: string | null
  firings: number
  meanSeconds: number | null
  next: string[]
  clockEffects: ClockEffectView[]
}

export interface SimulationView {
  from: string
  until: string
  firings: number
  truncatedAt: string | null
  schedules: SimulatedScheduleView[]
  lanes: LaneLoadView[]
  busiest: BusyMinuteView[]
  load: HeatMapView
}

export interface SkippedView {
  changed: number
  gone: number
}

export interface SlotSampleView {
  at: string
  seconds: number
  busy: number
  slots: number
  ended: number
}

export interface SlotStripView {
  lane: string
  samples: SlotSampleView[]
}

export interface StatisticsPointView {
  at: string
  seconds: number
  complete: boolean
  hasData: boolean
  ends: EndCountsView | null
  perSecond: number | null
  slotsUsed: number | null
  slotsBusy: number | null
  slots: number | null
  wait: DistributionView | null
  duration: DistributionView | null
}

export interface StatisticsSeriesView {
  key: string
  total: StatisticsPointView
  points: StatisticsPointView[]
}

export interface StatisticsView {
  from: string
  until: string
  step: string
  countedFrom: string | null
  series: StatisticsSeriesView[]
}

export interface TriggerView {
  words: string
  zone: string | null
  items: FireTimeView[]
  warnings: WarningView[]
}

export interface VersionView {
  version: string
  commit: string | null
  api: string
  runtime: string
  now: string
}

export interface WarningView {
  code: string
  field: string
  message: string
}

export interface WhoAmIView {
  name: string
  kind: string
  role: string
  permissions: string[]
  lanes: string[] | null
  provenBy: string | null
  keyId: string | null
  subject: string | null
  sessionId: string | null
  expiresAt: string | null
  isProven: boolean
}

export interface WorkerActivityView {
  from: string
  until: string
  lanes: SlotStripView[]
  ended: AttemptBarView[]
  running: AttemptBarView[]
  leftOut: number
  shortestDrawn: number
}

export interface WorkerDetailView {
  jobs: string[]
  runs: WorkerRunView[]
  id: string
  name: string
  state: string
  lanes: Record<string, number>
  busy: Record<string, number>
  running: number
  program: string
  version: string
  machine: string
  processId: number
  startedAt: string
  heartbeatAt: string
  heartbeatAge: string
  drainSince: string | null
  drainBy: ActorView | null
  drainReason: string | null
}

export interface WorkerRunView {
  id: string
  job: string
  lane: string
  attempt: number
  startedAt: string | null
}

export interface WorkerView {
  id: string
  name: string
  state: string
  lanes: Record<string, number>
  busy: Record<string, number>
  running: number
  program: string
  version: string
  machine: string
  processId: number
  startedAt: string
  heartbeatAt: string
  heartbeatAge: string
  drainSince: string | null
  drainBy: ActorView | null
  drainReason: string | null
}

export interface WorkerViewPage {
  items: WorkerView[]
  next: string | null
}
