/** Small bars of one unit, oldest first; the label says in words what they show. */
export const Strip = ({ values, label, titles }: { values: number[]; label: string; titles?: (index: number) => string }) => {
  const most = Math.max(1, ...values)
  return (
    <svg class="strip" viewBox={`0 0 ${values.length * 4} 20`} preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((value, i) => {
        const height = value === 0 ? 1 : Math.max(3, (value / most) * 20)
        return (
          <rect key={i} class={value === 0 ? 'none' : ''} x={i * 4} y={20 - height} width={3} height={height}>
            {titles && <title>{titles(i)}</title>}
          </rect>
        )
      })}
    </svg>
  )
}
