import { Route, Router } from 'preact-iso'
import { Empty, href } from '../parts/basics'
import { Audit } from './audit/Audit'
import { DeadGroup } from './dead/DeadGroup'
import { DeadLetter } from './dead/DeadLetter'
import { DeadLetters } from './dead/DeadLetters'
import { Keys } from './keys/Keys'
import { Overview } from './Overview'
import { Operation } from './operations/Operation'
import { Operations } from './operations/Operations'
import { RunPage } from './run/RunPage'
import { RunsPage } from './runs/RunsPage'

const NotFound = () => <Empty>There is no such page.</Empty>

/** Which page an address shows. */
export const Pages = () => (
  <Router>
    <Route path={href('')} component={Overview} />
    <Route path={href('runs')} component={RunsPage} />
    <Route path={href('runs/:id')} component={RunPage} />
    <Route path={href('dead-letters')} component={DeadLetters} />
    <Route path={href('dead-letters/groups/:fingerprint')} component={DeadGroup} />
    <Route path={href('dead-letters/:id')} component={DeadLetter} />
    <Route path={href('operations')} component={Operations} />
    <Route path={href('operations/:id')} component={Operation} />
    <Route path={href('audit')} component={Audit} />
    <Route path={href('keys')} component={Keys} />
    <Route default component={NotFound} />
  </Router>
)
