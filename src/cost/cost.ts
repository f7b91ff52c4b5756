/** What messages cost: price lists, and sums. */
export { type Price, totalOf } from '../contract/price.ts'
export { costOf } from './cost-of.ts'
export { type PriceList, priceList, type Tariff } from './price-list.ts'
