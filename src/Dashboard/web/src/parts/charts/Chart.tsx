import { useEffect, useRef, useState } from 'preact/hooks'
import UPlot from 'uplot'
import { zone } from '../../data/choices'
import { minute, shortWhen, when } from '../../data/format'
import { Frame } from './Frame'
import { alone, drawNames, drawStack, type Layer, type Shown } from './layers'
import { color, font, looks, rem, widthOf } from './look'

/** Values over time, as lines or stacked. Its title, with the unit, is that of the panel around it. */
export const Chart = ({
  label,
  stack,
  log,
  ...shown
}: Shown & {
  label: string
  stack?: boolean
  /** Logarithmic, with a line at each of these. */
  log?: number[]
}) => {
  const { times, step, layers, format } = shown
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const now = useRef(shown)
  now.current = shown
  const [at, setAt] = useState<number | null>(null)
  const look = looks.value
  const isUtc = zone.value === 'utc'

  useEffect(() => {
    const inDay = () => now.current.step * now.current.times.length > 90_000_000
    const sum = (i: number) => now.current.layers.reduce((s, layer) => s + (layer.values[i] ?? 0), 0)
    const top = (max: number) => (stack ? Math.max(0, ...now.current.times.map((_, i) => sum(i))) : max) * 1.05 || 1
    const lines = { font: font(), stroke: () => color('--text-3') }
    const u = new UPlot(
      {
        width: place.current!.clientWidth,
        height: place.current!.clientHeight,
        ms: 1,
        tzDate: time => (isUtc ? UPlot.tzDate(new Date(time), 'Etc/UTC') : new Date(time)),
        padding: [rem(0.5), rem(stack ? 1.25 : 2.75), 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: !stack, size: 6 } },
        scales: {
          x: { range: () => [now.current.times[0] ?? 0, (now.current.times.at(-1) ?? 0) + now.current.step] },
          y: log
            ? { distr: 3, range: (_, min, max) => [log.findLast(t => t <= min!) ?? log[0]!, log.find(t => t >= max!) ?? log.at(-1)!] }
            : { range: (_, __, max) => [0, top(max ?? 0)] },
        },
        axes: [
          {
            ...lines,
            space: rem(4),
            size: rem(1.75),
            grid: { show: false },
            ticks: { stroke: () => color('--line'), width: 1 },
            values: (_, splits) => splits.map(inDay() ? when : minute),
          },
          {
            ...lines,
            size: (_, texts) => widthOf(texts ?? []),
            space: rem(2),
            grid: { stroke: () => color('--line'), width: 1 },
            ticks: { show: false },
            ...(log && { splits: (_, __, min, max) => log.filter(t => t >= min && t <= max), filter: (_, splits) => splits }),
            values: (_, splits) => splits.map(v => now.current.format(v)),
          },
        ],
        series: [
          {},
          ...layers.map(layer => ({
            stroke: () => color(layer.color),
            width: 2,
            dash: layer.dash,
            ...(stack
              ? { paths: () => null, points: { show: false } }
              : { points: { show: true, size: 4, fill: () => color(layer.color), filter: (u: UPlot, s: number) => alone(u.data[s]!) } }),
          })),
        ],
        hooks: {
          drawAxes: stack ? [u => drawStack(u, now.current)] : [],
          draw: stack ? [] : [u => drawNames(u, now.current)],
          setCursor: [u => setAt(u.cursor.idx ?? null)],
        },
      },
      undefined,
      place.current!,
    )
    plot.current = u
    const resized = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      if (width && height) u.setSize({ width, height })
    })
    resized.observe(place.current!)
    return () => {
      resized.disconnect()
      u.destroy()
    }
  }, [look, isUtc, stack, log, layers.length])

  useEffect(() => {
    plot.current!.setData([times.map(t => t + step / 2), ...layers.map(l => (log ? l.values.map(v => v || null) : l.values))])
  }, [times, layers, look, isUtc])

  const shownAt = Math.min(at ?? Infinity, times.length - 1)
  const value = (layer: Layer, i: number) => (typeof layer.values[i] === 'number' ? format(layer.values[i]!) : '–')
  const move = (right: number) => {
    const u = plot.current!
    const last = times.length - 1
    const from = u.cursor.idx ?? (right > 0 ? last : last + 1)
    const to = Math.max(0, Math.min(last, from + right))
    u.setCursor({ left: u.valToPos(times[to]! + step / 2, 'x'), top: 1 })
  }
  const said = times.length > 0 && (
    <>
      <b>{shortWhen(times[shownAt]!)}</b>
      {layers.map(layer => (
        <span key={layer.name} class="nowrap">
          {stack && <i class={`swatch ${layer.fill ?? 'solid'}`} style={{ '--of': `var(${layer.color})` }} />} {layer.name}{' '}
          <b>{value(layer, shownAt)}</b>
        </span>
      ))}
    </>
  )
  const table = () => ({
    head: ['from', ...layers.map(l => l.name)],
    rows: times.map((time, i) => [shortWhen(time), ...layers.map(l => value(l, i))]).reverse(),
  })
  return (
    <Frame label={label} said={said} move={move} table={table}>
      <div class="chart-place" ref={place} />
    </Frame>
  )
}
