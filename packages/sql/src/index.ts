export * as Migrations from "./Migrations.js"
export * as SqlOptions from "./SqlOptions.js"
export * as SqlStore from "./SqlStore.js"
