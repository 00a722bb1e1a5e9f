import { Empty, PageHead } from '../../parts/basics'

export const Calendar = () => (
  <div class="page">
    <PageHead title="Calendar" />
    <Empty>…</Empty>
  </div>
)
