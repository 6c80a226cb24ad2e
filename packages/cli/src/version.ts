/** The version of the package, which a test compares with its manifest. */
export const version = "0.1.0"
