import type { RunDetailView } from '../../data/types'
import { hasEnded, stateOf } from '../../data/words'

/** An attempt as the timeline shows it: also the one that is under way, or that succeeded. */
export interface Try {
  number: number
  outcome: string
  worker: string | null
  /** In ms. */
  from: number
  until: number
  isLive: boolean
  times: number
  error: string | null
}

/** A part of the time axis, from one instant to the next, in ms; `share` is its part of the width, from 0 to 1. */
export interface Stretch {
  from: number
  until: number
  share: number
  /** Whether it is drawn shorter than it was, because nothing happened in it. */
  isFolded: boolean
}

/** All attempts, oldest first. The API lists those that are over and went wrong; the last one is told by the run itself. */
export const triesOf = (run: RunDetailView, now: number): Try[] => {
  const tries = run.attempts
    .filter(a => a.startedAt !== null)
    .map(a => ({
      number: a.number,
      outcome: a.outcome ?? run.state,
      worker: a.workerName ?? a.worker,
      from: Date.parse(a.startedAt!),
      until: a.endedAt === null ? now : Date.parse(a.endedAt),
      isLive: a.endedAt === null && !hasEnded(run.state),
      times: a.times,
      error: a.error,
    }))
    .sort((a, b) => a.from - b.from)
  const began = run.startedAt === null ? undefined : Date.parse(run.startedAt)
  const isTold = began === undefined || tries.some(t => t.from >= began)
  if (!isTold && (run.state === 'running' || hasEnded(run.state)))
    tries.push({
      number: run.attempt,
      outcome: run.state,
      worker: run.workerName,
      from: began,
      until: run.finishedAt === null ? Math.max(now, began) : Date.parse(run.finishedAt),
      isLive: run.state === 'running',
      times: 1,
      error: null,
    })
  return tries
}

/** The time axis of a run: waiting that is longer than all the work is drawn as long as half of the work. */
export const axisOf = (run: RunDetailView, tries: Try[], now: number): Stretch[] => {
  const start = Date.parse(run.createdAt)
  const end = run.finishedAt === null ? (tries.at(-1)?.isLive ? tries.at(-1)!.until : now) : Date.parse(run.finishedAt)
  const marks = [...new Set([start, ...tries.flatMap(t => [t.from, t.until]), Math.max(start, end)])].sort((a, b) => a - b)
  const isWork = (from: number, until: number) => tries.some(t => t.from <= from && t.until >= until)
  const work = tries.reduce((sum, t) => sum + t.until - t.from, 0)
  const fold = Math.max(work / 2, 1)
  const parts = marks.slice(1).map((until, i) => {
    const from = marks[i]!
    const isFolded = tries.length > 0 && until - from > Math.max(work, 1) && !isWork(from, until)
    return { from, until, length: isFolded ? fold : until - from, isFolded }
  })
  const all = parts.reduce((sum, p) => sum + p.length, 0) || 1
  return parts.map(({ from, until, length, isFolded }) => ({ from, until, share: length / all, isFolded }))
}

/** Where an instant stands on the axis, from 0 to 1. */
export const placeOf = (axis: Stretch[], at: number): number => {
  let place = 0
  for (const s of axis) {
    if (at <= s.from) break
    place += at >= s.until ? s.share : (s.share * (at - s.from)) / (s.until - s.from)
  }
  return place
}

/** The state of a run, now. */
export const stateNow = (run: RunDetailView, now: number): string =>
  run.cancelRequested && run.state === 'running' ? 'canceling' : stateOf(run, now)
