/// The limits of a head and of trailers, which are held to the same rules.
package enum HeadLimits {
  /// Bytes of the longest field line, without its line end.
  package static let fieldBytesMax = 16 * 1024
  /// Bytes of all field lines together, including their line ends.
  package static let fieldsBytesMax = 32 * 1024
  /// Fields in one head.
  package static let fieldsMax = 100
}
