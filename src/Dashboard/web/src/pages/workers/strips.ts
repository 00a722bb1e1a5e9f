import type { AttemptBarView, SlotSampleView, SlotStripView } from '../../data/types'

/** All lanes of a worker together: samples of the same ten seconds are added. */
export const sumOf = (lanes: SlotStripView[]): SlotSampleView[] => {
  const sums = new Map<number, SlotSampleView>()
  for (const sample of lanes.flatMap(l => l.samples)) {
    const period = Math.round(Date.parse(sample.at) / 10_000)
    const sum = sums.get(period)
    sums.set(
      period,
      sum ? { ...sum, busy: sum.busy + sample.busy, slots: sum.slots + sample.slots, ended: sum.ended + sample.ended } : { ...sample },
    )
  }
  return [...sums].sort(([a], [b]) => a - b).map(([, sample]) => sample)
}

/** A strip in words. */
export const stripWords = (samples: SlotSampleView[]): string => {
  if (samples.length === 0) return 'No figures of the last 10 min.'
  const most = samples.reduce((a, b) => (b.busy > a.busy ? b : a))
  const last = samples.at(-1)!
  const mean = samples.reduce((sum, s) => sum + s.busy * s.seconds, 0) / samples.reduce((sum, s) => sum + s.seconds, 0)
  const n = (value: number) => Number(value.toFixed(1))
  return `Busy slots in the last 10 min: ${n(mean)} on average, at most ${n(most.busy)}, ${n(last.busy)} of ${Math.round(last.slots)} at the end.`
}

/** Attempts in as few rows as hold them without overlap, at most so many; what finds no place is counted. */
export const packed = (bars: AttemptBarView[], mostRows: number): { rows: AttemptBarView[][]; leftOut: number } => {
  const rows: { until: number; bars: AttemptBarView[] }[] = []
  let leftOut = 0
  const start = (bar: AttemptBarView) => Date.parse(bar.startedAt)
  for (const bar of [...bars].sort((a, b) => start(a) - start(b))) {
    let row = rows.find(r => r.until <= start(bar))
    if (!row && rows.length < mostRows) {
      row = { until: 0, bars: [] }
      rows.push(row)
    }
    if (!row) {
      leftOut++
      continue
    }
    row.bars.push(bar)
    row.until = start(bar) + bar.seconds * 1000
  }
  return { rows: rows.map(r => r.bars), leftOut }
}
