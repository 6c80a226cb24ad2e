/** What helps against the failures of a store whose codes say what is wrong: errnos, SQLSTATEs, codes of SQLite and Redis. */
const remedies: ReadonlyArray<readonly [codes: RegExp, remedy: string]> = [
  [/^(?:ENOSPC|EDQUOT|SQLITE_FULL|53100|OOM)$/, "it has no space left, so free some or enlarge it"],
  [
    /^(?:EACCES|EPERM|SQLITE_PERM|42501|NOPERM)$/,
    "this process lacks the right to do so, so give it to its user"
  ],
  [
    /^(?:EROFS|SQLITE_READONLY\w*|25006|READONLY)$/,
    "it can only be read, so mount it writable or connect to the primary"
  ],
  [/^(?:NOAUTH|WRONGPASS|28000|28P01)$/, "it refuses the user or the password, so correct them"],
  [/^(?:EMFILE|ENFILE|53300)$/, "too many files or connections are open, so raise their limit"],
  [/^(?:EIO|SQLITE_IOERR\w*|58030)$/, "its disk fails, so check the disk"],
  [/^(?:ENOTSUP|EOPNOTSUPP|ENOSYS)$/, "its file system lacks what the store needs, so use another one"],
  [/^(?:ENOENT|ENOTDIR)$/, "its directory or socket is not there, so bring it back"],
  [
    /^ESTALE$/,
    "its directory is not the one that was opened, so mount that one again, or restart the process if it was moved on purpose"
  ],
  [
    /^DANGLING_LINK$/,
    "a symbolic link without a target is in the place of the file, so bring the target back, or forget the session and let its users sign in again"
  ],
  [/^INVALID_KEY$/, "the key is not that of a session (64 lower-case hexadecimal digits), so correct it"]
]

/** What to do about a store that fails with this code. @internal */
export const remedy = (code: string | undefined): string =>
  (code === undefined ? undefined : remedies.find(([codes]) => codes.test(code))?.[1]) ?? "bring it back"
