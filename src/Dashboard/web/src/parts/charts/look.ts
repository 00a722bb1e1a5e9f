import { effect, signal } from '@preact/signals'
import { theme } from '../../data/choices'

/** Counts the changes of the look; a canvas that reads it is drawn again in the colors of now. */
export const looks = signal(0)

const probe = document.createElement('i')
probe.hidden = true
probe.style.forcedColorAdjust = 'none'
const known = new Map<string, string>()

// A frame later, the style sheet knows of the new theme.
const changed = () =>
  requestAnimationFrame(() => {
    known.clear()
    looks.value++
  })
for (const media of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) matchMedia(media).addEventListener('change', changed)
effect(() => {
  theme.value
  changed()
})

/** What a color token of the style sheet is in the theme of now. */
export const color = (token: string): string => {
  let value = known.get(token)
  if (value === undefined) {
    if (!probe.isConnected) document.body.append(probe)
    probe.style.color = `var(${token})`
    known.set(token, (value = getComputedStyle(probe).color))
  }
  return value
}

/** Pixels of a size in rem. */
export const rem = (size: number): number => size * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)

/** The font of labels in a canvas, for so many canvas pixels to one of the page. */
export const font = (ratio = 1): string => `500 ${rem(0.75) * ratio}px ${getComputedStyle(document.body).fontFamily}`

/** Pixels beside an axis with these labels. */
export const widthOf = (labels: string[]): number => rem(0.75) + Math.max(2, ...labels.map(l => l.length)) * rem(0.43)

/** How an area is filled: a color alone, or a pattern that is told apart without colors. */
export type Fill = 'solid' | 'hatch' | 'cross' | 'dots'

/** What fills an area, for so many canvas pixels to one of the page. */
export const fill = (context: CanvasRenderingContext2D, token: string, kind: Fill, ratio: number): string | CanvasPattern => {
  if (kind === 'solid') return color(token)
  const tile = document.createElement('canvas')
  tile.width = tile.height = 6 * ratio
  const draw = tile.getContext('2d')!
  draw.scale(ratio, ratio)
  draw.fillStyle = draw.strokeStyle = color(token)
  draw.globalAlpha = 0.35
  draw.fillRect(0, 0, 6, 6)
  draw.globalAlpha = 1
  draw.lineWidth = 1.6
  const line = (...[x, y, toX, toY]: number[]) => {
    draw.moveTo(x!, y!)
    draw.lineTo(toX!, toY!)
  }
  if (kind === 'dots') for (const at of [0, 3]) draw.fillRect(at, at, 2, 2)
  else for (const shift of [-6, 0, 6]) line(shift - 1, 7, shift + 7, -1)
  if (kind === 'cross') for (const shift of [-6, 0, 6]) line(shift - 1, -1, shift + 7, 7)
  draw.stroke()
  return context.createPattern(tile, 'repeat') ?? color(token)
}
