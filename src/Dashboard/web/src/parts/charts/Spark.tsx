import './charts.css'

/** A tiny chart in a row or a tile, as bars from zero. A zero is a thin line, a gap is a gap. What it shows is said by its label. */
export const Spark = ({ values, label, top, tone = '' }: { values: (number | null)[]; label: string; top?: number; tone?: string }) => {
  const highest = top ?? Math.max(0, ...values.map(v => v ?? 0))
  const zeros = values.map((v, i) => (v === 0 ? `M${i} 16V15H${i + 0.8}V16Z` : ''))
  const bars = values.map((v, i) =>
    !v ? '' : `M${i} 16V${(15 - 15 * Math.min(1, highest > 0 ? v / highest : 0)).toFixed(1)}H${i + 0.8}V16Z`,
  )
  return (
    <svg class={`spark ${tone}`} viewBox={`0 0 ${values.length || 1} 16`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="zero" d={zeros.join('')} />
      <path d={bars.join('')} />
    </svg>
  )
}
