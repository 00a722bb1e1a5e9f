import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import './charts.css'

/** What a chart shows, as text. */
export interface Table {
  head: string[]
  rows: string[][]
}

const AsTable = ({ label, table: { head, rows } }: { label: string; table: Table }) => (
  <table>
    <caption class="unseen">{label}</caption>
    <thead>
      <tr>
        {head.map((name, i) => (
          <th key={name} scope="col" class={i ? 'num' : ''}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(([first, ...cells]) => (
        <tr key={first}>
          <th scope="row">{first}</th>
          {cells.map((cell, i) => (
            <td key={i} class="num">
              {cell}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
)

/** What all charts have: the value at the pointer or the arrow keys in words, and a table instead of the picture (`t`). */
export const Frame = ({
  label,
  said,
  move,
  table,
  children,
}: {
  /** What is shown, with its unit. */
  label: string
  /** The value at the pointer or the arrow keys. */
  said: ComponentChildren
  /** Goes so many steps to the right and down; `Infinity` to the end. */
  move: (right: number, down: number) => void
  table: () => Table
  children: ComponentChildren
}) => {
  const [isTable, setTable] = useState(false)
  const [isHeard, setHeard] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => void (box.current!.scrollTop = 0), [isTable])
  const arrows: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    Home: [-Infinity, 0],
    End: [Infinity, 0],
  }
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const arrow = arrows[event.key]
    if (event.key === 't') setTable(!isTable)
    else if (arrow && !isTable) move(...arrow)
    else return
    event.preventDefault()
  }
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-said" aria-live={isHeard ? 'polite' : 'off'}>
          {said}
        </span>
        <button type="button" class="linklike small" aria-pressed={isTable} title="Key t" onClick={() => setTable(!isTable)}>
          Table
        </button>
      </figcaption>

      <div
        class="chart-box"
        ref={box}
        tabIndex={0}
        role="group"
        aria-roledescription="chart"
        aria-label={`${label}. Arrow keys tell the values, t shows the table.`}
        onKeyDown={key}
        onFocus={() => setHeard(true)}
        onBlur={() => setHeard(false)}
      >
        <div class="chart-plot" hidden={isTable}>
          {children}
        </div>
        {isTable && <AsTable label={label} table={table()} />}
      </div>
    </figure>
  )
}
