// First: it says which layers win.
import './style/index.css'
import { render } from 'preact'
import { LocationProvider } from 'preact-iso'
import { base } from './data/api'
import { lookWhoIAm, me, mustSignIn, startError } from './data/session'
import { Pages } from './pages/Pages'
import { Failed } from './parts/basics'
import { Shell } from './shell/Shell'
import { SignIn, takeGivenKey } from './shell/SignIn'
import './style/shell.css'

const App = () => {
  if (me.value)
    return (
      <LocationProvider scope={base}>
        <Shell>
          <Pages />
        </Shell>
      </LocationProvider>
    )
  const error = startError.value
  return mustSignIn.value || error ? (
    <main class="sign-in">{mustSignIn.value ? <SignIn /> : <Failed error={error!} retry={lookWhoIAm} />}</main>
  ) : null
}

await takeGivenKey()
if (!me.value) await lookWhoIAm()
render(<App />, document.getElementById('app')!)
