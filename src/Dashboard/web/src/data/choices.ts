import { effect, signal } from '@preact/signals'

/** What a person has chosen for this browser. */
const chosen = <T extends string>(name: string, fallback: T) => {
  const key = `fleet.${name}`
  let stored: string | null = null
  try {
    stored = localStorage.getItem(key)
  } catch {
    // A browser that keeps nothing.
  }
  const choice = signal((stored ?? fallback) as T)
  effect(() => {
    try {
      localStorage.setItem(key, choice.value)
    } catch {
      // Then it holds until the page is closed.
    }
  })
  return choice
}

export const theme = chosen<'auto' | 'light' | 'dark'>('theme', 'auto')
export const zone = chosen<'local' | 'utc'>('zone', 'local')

// Tests of what the page computes have no page.
const root = globalThis.document?.documentElement
effect(() => {
  const scheme = theme.value === 'auto' ? 'light dark' : theme.value
  if (root) root.style.colorScheme = scheme
})

/** A form for a screen on the wall: larger, without what one clicks. */
export const isKiosk = new URLSearchParams(globalThis.location?.search).has('kiosk')
if (isKiosk) root.dataset.kiosk = ''
