import UPlot from 'uplot'
import { color, type Fill, fill, font, rem } from './look'

/** One line or layer of a chart: a value for each period, null where nothing is known. */
export interface Layer {
  name: string
  values: (number | null)[]
  /** A color token of the style sheet. */
  color: string
  /** Of a line: lengths of its dashes and gaps in pixels. */
  dash?: number[]
  /** Of a layer of a stack: how it is filled. */
  fill?: Fill
  /** Of a layer of a stack: the color of its upper edge. */
  edge?: string
}

/** What a chart shows: values by period; periods are of `step` ms and begin at `times`. */
export interface Shown {
  times: number[]
  step: number
  layers: Layer[]
  format: (value: number) => string
}

/** The layers of a stack, as bars as wide as their periods; the first is at the bottom. */
export const drawStack = (u: UPlot, { times, step, layers }: Shown) => {
  const base = times.map(() => 0)
  const at = (value: number, scale: string) => Math.round(u.valToPos(value, scale, true))
  for (const layer of layers) {
    const area = new Path2D()
    const edge = new Path2D()
    times.forEach((time, i) => {
      const value = layer.values[i]
      if (!value) return
      const [left, right] = [at(time, 'x'), at(time + step, 'x')]
      const bottom = at(base[i]!, 'y')
      const top = Math.min(at((base[i]! += value), 'y'), bottom - 1)
      area.rect(left, top, right - left, bottom - top)
      edge.rect(left, top, right - left, UPlot.pxRatio)
    })
    u.ctx.fillStyle = fill(u.ctx, layer.color, layer.fill ?? 'solid', UPlot.pxRatio)
    u.ctx.fill(area)
    u.ctx.fillStyle = color(layer.edge ?? layer.color)
    u.ctx.fill(edge)
  }
}

/** The names of lines at their right ends, one below the other where they would overlap. */
export const drawNames = (u: UPlot, { layers }: Shown) => {
  const ends = layers.flatMap(layer => {
    const last = layer.values.findLast(v => v !== null && v !== undefined)
    return last === undefined ? [] : [{ layer, y: u.valToPos(last!, 'y', true) }]
  })
  u.ctx.font = font(UPlot.pxRatio)
  u.ctx.textAlign = 'left'
  u.ctx.textBaseline = 'middle'
  const height = rem(0.875) * UPlot.pxRatio
  ends.sort((a, b) => a.y - b.y)
  for (let i = 1; i < ends.length; i++) ends[i]!.y = Math.max(ends[i]!.y, ends[i - 1]!.y + height)
  for (let i = ends.length - 1, lowest = u.bbox.top + u.bbox.height; i >= 0; i--, lowest -= height)
    ends[i]!.y = Math.min(ends[i]!.y, lowest)
  for (const { layer, y } of ends) {
    u.ctx.fillStyle = color(layer.color)
    u.ctx.fillText(layer.name, u.bbox.left + u.bbox.width + rem(0.375) * UPlot.pxRatio, y)
  }
}

/** The points without neighbors: a line does not show them. */
export const alone = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from(values, (value, i) => ((value ?? null) !== null && (values[i - 1] ?? values[i + 1] ?? null) === null ? i : -1)).filter(
    i => i >= 0,
  )
