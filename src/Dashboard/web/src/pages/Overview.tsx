import { PageHead } from '../parts/basics'

export const Overview = () => (
  <div class="page">
    <PageHead title="Overview" />
  </div>
)
