// The planner and executor of the supergraph: Hive’s Rust one.
export { unifiedGraphHandler } from '@graphql-hive/router-runtime';
