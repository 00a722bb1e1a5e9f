import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../data/api'
import { me, providerSignIn, signIn } from '../data/session'
import { Failed } from '../parts/basics'
import { Mark } from './Mark'

/** Asks for a key. While a page is open, it stands over it, so that nothing that was typed is lost. */
export const SignIn = () => {
  const [error, setError] = useState<ApiError>()
  const [key, setKey] = useState('')
  const [isBusy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const provider = providerSignIn()
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await signIn(key.trim())
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
      field.current?.focus()
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="signing" onSubmit={submit} aria-label="Sign in">
      <Mark />
      <h1>{me.value ? 'Your session has ended' : 'Sign in'}</h1>
      {me.value && <p class="mid">What you have typed is kept. Sign in, and go on.</p>}
      <label class="field">
        <span class="label">API key</span>
        <input
          ref={field}
          type="password"
          name="key"
          autocomplete="current-password"
          spellcheck={false}
          required
          value={key}
          aria-invalid={error ? true : undefined}
          onInput={e => setKey(e.currentTarget.value)}
        />
      </label>
      {error && <Failed error={error} />}
      <button type="submit" class="primary" disabled={isBusy}>
        {isBusy ? '…' : 'Sign in'}
      </button>
      {provider && <a href={provider}>Sign in with your organisation</a>}
      <p class="weak small">
        No key yet? On the server: <code>fleet key create --role operator</code>
      </p>
    </form>
  )
}

/** The sign-in over a page that is open. */
export const SignInAgain = () => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current!.showModal(), [])
  return (
    <dialog ref={dialog} aria-label="Sign in again" onCancel={e => e.preventDefault()}>
      <div class="form">
        <SignIn />
      </div>
    </dialog>
  )
}

/** A key that `fleet dev --token` has put behind `#` of the address. It does not stay in the browser's history. */
export const takeGivenKey = async (): Promise<void> => {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1]
  if (given === undefined) return
  history.replaceState(null, '', location.pathname + location.search)
  try {
    await signIn(decodeURIComponent(given))
  } catch (e) {
    // Then the page asks for a key.
    if (!(e instanceof ApiError)) throw e
  }
}
