import { useEffect, useRef, useState } from 'preact/hooks'
import { Frame, type Table } from './Frame'
import { stepOf } from './heat'
import { color, font, looks, rem, widthOf } from './look'

/** Numbers in a grid: the more, the darker. */
export interface Heat {
  /** From top to bottom; each holds a number for each column, or null where nothing is known. */
  cells: (number | null)[][]
  /** Beside each row, at its lower edge; empty for none. */
  rowLabels: string[]
  /** Below each column, at its left edge; empty for none. */
  columnLabels: string[]
}

/** A line over the grid: for each column, how many rows from the top it is. */
export interface HeatLine {
  name: string
  color: string
  dash: number[]
  at: (number | null)[]
}

/** A grid of numbers as colors. The pointer and the arrow keys tell a cell in words. */
export const HeatMap = ({
  label,
  heat,
  line,
  say,
  table,
}: {
  label: string
  heat: Heat
  line?: HeatLine
  /** A cell in words; of the last column when none is pointed at. */
  say: (row: number | null, column: number) => string
  table: () => Table
}) => {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState<{ width: number; height: number }>()
  const [at, setAt] = useState<{ row: number; column: number } | null>(null)
  const look = looks.value
  const { cells, rowLabels, columnLabels } = heat
  const columns = columnLabels.length
  const left = widthOf(rowLabels)
  const right = rem(line ? 2.75 : 0.75)
  const bottom = rem(1.75)
  const top = rem(0.5)

  useEffect(() => {
    const resized = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      if (width && height) setSize({ width, height })
    })
    resized.observe(canvas.current!.parentElement!)
    return () => resized.disconnect()
  }, [])

  const width = Math.max(1, (size?.width ?? 0) - left - right) / Math.max(1, columns)
  const height = Math.max(1, (size?.height ?? 0) - top - bottom) / Math.max(1, cells.length)

  useEffect(() => {
    if (!size) return
    const ratio = devicePixelRatio
    canvas.current!.width = size.width * ratio
    canvas.current!.height = size.height * ratio
    const draw = canvas.current!.getContext('2d')!
    draw.scale(ratio, ratio)
    const x = (column: number) => Math.round((left + column * width) * ratio) / ratio
    const y = (row: number) => Math.round((top + row * height) * ratio) / ratio
    const highest = Math.max(1, ...cells.flat().map(v => v ?? 0))
    cells.forEach((row, r) => {
      row.forEach((value, c) => {
        if (!value) return
        draw.fillStyle = color(`--heat-${stepOf(value, highest)}`)
        draw.fillRect(x(c), y(r), x(c + 1) - x(c) - (width > 8 ? 1 : 0), y(r + 1) - y(r) - 1)
      })
    })
    draw.font = font()
    draw.fillStyle = color('--text-3')
    draw.textAlign = 'right'
    draw.textBaseline = 'middle'
    rowLabels.forEach((text, r) => void draw.fillText(text, left - rem(0.375), Math.min(y(r + 1), y(cells.length) - rem(0.25))))
    draw.textAlign = 'center'
    draw.textBaseline = 'bottom'
    let free = 0
    columnLabels.forEach((text, c) => {
      const half = draw.measureText(text).width / 2
      if (!text || x(c) - half < free) return
      draw.fillText(text, x(c), size.height - rem(0.25))
      free = x(c) + half + rem(0.5)
    })
    draw.fillStyle = color('--line')
    draw.fillRect(left, y(cells.length), width * columns, 1)
    if (line) {
      draw.beginPath()
      let isOpen = false
      line.at.forEach((row, c) => {
        if (row === null) isOpen = false
        else {
          if (isOpen) draw.lineTo(x(c + 0.5), y(row))
          else draw.moveTo(x(c + 0.5) - 1, y(row))
          isOpen = true
        }
      })
      // On cells as dark as itself, the line is seen by its edge.
      draw.strokeStyle = color('--surface')
      draw.lineWidth = 4
      draw.stroke()
      draw.strokeStyle = draw.fillStyle = color(line.color)
      draw.lineWidth = 2
      draw.setLineDash(line.dash)
      draw.stroke()
      draw.setLineDash([])
      const end = line.at.findLast(row => row !== null)
      draw.textAlign = 'left'
      draw.textBaseline = 'middle'
      if (typeof end === 'number') draw.fillText(line.name, left + width * columns + rem(0.375), y(end))
    }
    if (at) {
      draw.strokeStyle = color('--accent')
      draw.lineWidth = 2
      draw.strokeRect(x(at.column), y(at.row), width, height)
    }
  }, [heat, line, at, size, look])

  const inside = (value: number, length: number) => Math.max(0, Math.min(length - 1, value))
  const point = (event: PointerEvent) => {
    const column = Math.floor((event.offsetX - left) / width)
    const row = Math.floor((event.offsetY - top) / height)
    const isIn = column >= 0 && column < columns && row >= 0 && row < cells.length
    if (isIn ? at?.row !== row || at.column !== column : at) setAt(isIn ? { row, column } : null)
  }
  const move = (rightBy: number, downBy: number) => {
    if (columns === 0 || cells.length === 0) return
    setAt(before => ({
      row: inside((before?.row ?? cells.length - 1) + downBy, cells.length),
      column: inside((before?.column ?? (rightBy < 0 ? columns : columns - 1)) + rightBy, columns),
    }))
  }
  const shown = at && { row: inside(at.row, cells.length), column: inside(at.column, columns) }
  const said = columns > 0 && say(shown?.row ?? null, shown?.column ?? columns - 1)
  return (
    <Frame label={label} said={said} move={move} table={table}>
      <canvas ref={canvas} class="chart-place" onPointerMove={point} onPointerLeave={() => setAt(null)} />
    </Frame>
  )
}
