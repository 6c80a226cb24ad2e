/**
 * What can be set for the SQL store.
 *
 * @since 0.1.0
 */
import * as Options from "effect-adobe-pass/Options"
import * as Setting from "effect-adobe-pass/Setting"

/**
 * The name of the table.
 *
 * @since 0.1.0
 * @category groups
 */
export const table = Setting.group({
  /**
   * The name of the table. Applied migrations are recorded in `<table>_migrations`.
   * @default "adobe_pass_sessions"
   */
  table: Setting.text({
    pattern: /^[A-Za-z_][A-Za-z0-9_]{0,39}$/,
    problem: "must be 1 to 40 letters, digits or underscores, and not start with a digit",
    default: "adobe_pass_sessions"
  })
})

/**
 * Every option of the store but its encryption.
 *
 * @since 0.1.0
 * @category groups
 */
export const store = Setting.group({
  ...table.settings,
  /** Whether the store runs its migrations when it starts. If not, run `Migrations.run` yourself. @default true */
  migrate: Setting.flag(true),
  ...Options.store.settings,
  /** The lease that the lock of a session is. */
  lease: Options.lease
})
