import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

const told = signal<ComponentChildren>()
let timer: ReturnType<typeof setTimeout>

/** Says what was done, at the foot of the page, for a while. */
export const tell = (text: ComponentChildren): void => {
  told.value = text
  clearTimeout(timer)
  timer = setTimeout(() => {
    told.value = undefined
  }, 8_000)
}

export const Told = () => (
  <div class="told" role="status">
    {told.value && <p>{told.value}</p>}
  </div>
)
