import { duration, many, whole } from '../../data/format'
import type { OperationView } from '../../data/types'

/** How far an operation is. */
export const progress = (o: OperationView) => {
  const skipped = o.skipped.changed + o.skipped.gone
  const turned = o.done + skipped + o.failed
  const isOpen = o.matched.relation !== 'eq'
  // Of runs that were counted in part nobody knows how many are left.
  const left = o.state !== 'running' || isOpen ? undefined : Math.max(0, o.matched.value - turned)
  const part = o.state === 'completed' ? 1 : o.matched.value === 0 ? 0 : Math.min(1, turned / o.matched.value)
  return { skipped, turned, left, part, secondsLeft: left === undefined ? undefined : left / Math.max(1, o.rate) }
}

const past: Record<string, string> = { replay: 'replayed', cancel: 'canceled', delete: 'deleted' }

/** `6 420 of 10 000 replayed · 12 skipped · 3 failed` */
export const inWords = (o: OperationView): string => {
  const { skipped } = progress(o)
  return [
    `${whole(o.done)} of ${whole(o.matched.value)}${o.matched.relation === 'eq' ? '' : '+'} ${past[o.kind] ?? 'done'}`,
    skipped > 0 && `${whole(skipped)} skipped`,
    o.failed > 0 && `${whole(o.failed)} failed`,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** How long it will take at its rate, at least. */
export const timeLeft = (o: OperationView): string | undefined => {
  const { secondsLeft } = progress(o)
  return secondsLeft === undefined ? undefined : secondsLeft < 1 ? 'nearly done' : `${duration(Math.ceil(secondsLeft))} left`
}

/** Why runs had a turn and were not changed. */
export const skippedWhy = (o: OperationView): string =>
  [
    o.skipped.changed > 0 && `${many(o.skipped.changed, 'run')} did not match any more`,
    o.skipped.gone > 0 && `${many(o.skipped.gone, 'run')} had been deleted`,
  ]
    .filter(Boolean)
    .join(', ') || 'none'
