import { base } from '../data/api'

export const Mark = () => (
  <p class="mark">
    <img src={`${base}fleet.svg`} alt="" />
    <span>Fleet</span>
  </p>
)
