export * as Migrations from "./Migrations.js"
export * as SqlStore from "./SqlStore.js"
