import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../data/api'
import { Failed } from './basics'

/** A dialog over the page. Escape closes it, and the focus goes back to where it was. */
export const Dialog = ({
  title,
  wide,
  close,
  children,
}: {
  title: ComponentChildren
  wide?: boolean
  close: () => void
  children: ComponentChildren
}) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    dialog.current!.showModal()
    return () => {
      if (before?.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog ref={dialog} class={wide ? 'wide' : ''} aria-labelledby="dialog-title" onClose={close}>
      <div class="form">
        <h2 id="dialog-title">{title}</h2>
        {children}
      </div>
    </dialog>
  )
}

/** A dialog that asks the server to do something, and stays with what was typed when that is refused. */
export const Act = ({
  title,
  verb,
  danger,
  wide,
  disabled,
  run,
  close,
  children,
}: {
  title: ComponentChildren
  /** What the button says. */
  verb: string
  danger?: boolean
  wide?: boolean
  disabled?: boolean
  /** Does it. The dialog closes when it ends well, unless it answers `stay`. */
  run: () => Promise<unknown>
  close: () => void
  children?: ComponentChildren
}) => {
  const [error, setError] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy || disabled) return
    setBusy(true)
    setError(undefined)
    try {
      if ((await run()) !== 'stay') close()
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} wide={wide} close={close}>
      <form class="panels" onSubmit={submit}>
        {children}
        {error && <Failed error={error} />}
        <div class="actions">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={disabled || isBusy}>
            {isBusy ? '…' : verb}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** A field with its label above, and below what is wrong with it. */
export const Field = ({ label, wrong, children }: { label: ComponentChildren; wrong?: string; children: ComponentChildren }) => (
  <label class="field">
    <span class="label">{label}</span>
    {children}
    {wrong && <span class="wrong">{wrong}</span>}
  </label>
)
