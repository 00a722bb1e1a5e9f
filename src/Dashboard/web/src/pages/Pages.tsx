import { Route, Router } from 'preact-iso'
import { Empty, href } from '../parts/basics'

import { Audit } from './audit/Audit'
import { Calendar } from './calendar/Calendar'
import { DeadGroup } from './dead/DeadGroup'
import { DeadLetter } from './dead/DeadLetter'
import { DeadLetters } from './dead/DeadLetters'
import { JobPage } from './jobs/JobPage'
import { JobsPage } from './jobs/JobsPage'
import { Keys } from './keys/Keys'
import { LanesPage } from './lanes/LanesPage'
import { Overview } from './Overview'
import { Operation } from './operations/Operation'
import { Operations } from './operations/Operations'
import { RunPage } from './run/RunPage'
import { RunsPage } from './runs/RunsPage'
import { EditSchedule } from './schedules/EditSchedule'
import { Schedule } from './schedules/Schedule'
import { Schedules } from './schedules/Schedules'
import { WorkerPage } from './workers/WorkerPage'
import { WorkersPage } from './workers/WorkersPage'

const NotFound = () => <Empty>There is no such page.</Empty>

/** Which page an address shows. */
export const Pages = () => (
  <Router>
    <Route path={href('')} component={Overview} />
    <Route path={href('runs')} component={RunsPage} />
    <Route path={href('runs/:id')} component={RunPage} />
    <Route path={href('schedules')} component={Schedules} />
    <Route path={href('schedules/:id')} component={Schedule} />
    <Route path={href('schedules/:id/edit')} component={EditSchedule} />
    <Route path={href('calendar')} component={Calendar} />
    <Route path={href('dead-letters')} component={DeadLetters} />
    <Route path={href('dead-letters/groups/:fingerprint')} component={DeadGroup} />
    <Route path={href('dead-letters/:id')} component={DeadLetter} />
    <Route path={href('operations')} component={Operations} />
    <Route path={href('operations/:id')} component={Operation} />
    <Route path={href('audit')} component={Audit} />
    <Route path={href('keys')} component={Keys} />
    <Route path={href('lanes')} component={LanesPage} />
    <Route path={href('workers')} component={WorkersPage} />
    <Route path={href('workers/:id')} component={WorkerPage} />
    <Route path={href('jobs')} component={JobsPage} />
    <Route path={href('jobs/:name')} component={JobPage} />
    <Route default component={NotFound} />
  </Router>
)
