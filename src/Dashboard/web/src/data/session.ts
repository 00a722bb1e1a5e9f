import { effect, signal } from '@preact/signals'
import { ApiError, call, onSignedOut } from './api'
import { startLive, stream } from './live'
import type { SignedOutView, VersionView, WhoAmIView } from './types'

/** Who uses the page; undefined until it is known. */
export const me = signal<WhoAmIView>()

/** Whether somebody must sign in before anything else can be asked. */
export const mustSignIn = signal(false)

/** Why the page cannot begin, for example because the server does not answer. */
export const startError = signal<ApiError>()

export const version = signal<VersionView>()

const providerUrl = signal<string>()

/** Where the provider signs people in and sends them back to where the page is now; undefined when keys alone do. */
export const providerSignIn = (): string | undefined =>
  providerUrl.value && `${providerUrl.value}?returnUrl=${encodeURIComponent(location.pathname + location.search)}`

/** Asks who uses the page. */
export const lookWhoIAm = async (): Promise<void> => {
  try {
    me.value = await call<WhoAmIView>('whoami')
    startError.value = undefined
    mustSignIn.value = false
    startLive()
    version.value ??= await call<VersionView>('version')
  } catch (e) {
    if (!(e instanceof ApiError)) throw e
    if (e.isSignedOut) {
      providerUrl.value = e.problem.signIn ?? undefined
      mustSignIn.value = true
    } else {
      startError.value = e
      setTimeout(lookWhoIAm, 5_000)
    }
  }
}

/** Signs in with a key; what was typed elsewhere on the page stays. */
export const signIn = async (key: string): Promise<void> => {
  await call('sessions', { body: { key } })
  await lookWhoIAm()
}

export const signOut = async (): Promise<void> => {
  const out = await call<SignedOutView | undefined>('sessions/current', { method: 'DELETE' })
  me.value = undefined
  if (out?.providerUrl) location.href = out.providerUrl
  else mustSignIn.value = true
}

/** Whether whoever uses the page may do something: `view`, `submit`, `operate`, `administer`. */
export const may = (permission: string): boolean => me.value?.permissions.includes(permission) ?? false

onSignedOut(() => {
  if (!mustSignIn.value) lookWhoIAm()
})

// A stream that is refused may mean that the session was revoked.
effect(() => {
  if (stream.value.state === 'refused' && !mustSignIn.peek()) lookWhoIAm()
})
