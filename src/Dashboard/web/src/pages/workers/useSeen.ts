import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Whether an element has come into view: only what is looked at is read. */
export const useSeen = <T extends Element>(): [RefObject<T | null>, boolean] => {
  const element = useRef<T>(null)
  const [isSeen, setSeen] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(entries => setSeen(entries.some(e => e.isIntersecting)))
    if (element.current) observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return [element, isSeen]
}
