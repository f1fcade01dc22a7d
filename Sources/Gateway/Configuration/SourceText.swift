/// The text of the file that a configuration was read from. It may have secrets, so no description or dump shows it.
///
/// All texts are equal: two files that say the same make the same configuration.
final class SourceText: Equatable, Sendable, CustomReflectable {
  /// The bytes of the file; empty for a configuration that is not from a file.
  let bytes: [UInt8]

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  static func == (_: SourceText, _: SourceText) -> Bool { true }

  var customMirror: Mirror { Mirror(self, children: []) }
}
